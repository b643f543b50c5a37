import type { Kysely } from 'kysely';
import { rowToRecord } from '../backup-rows.ts';
import { itemOfRecord } from '../item-of-record.ts';
import { lockParts } from '../locks.ts';
import type { Actor, EndedOperation } from '../operation-records.ts';
import { itemToJson } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { changeRecord } from './change-record.ts';
import { noteEnds } from './events.ts';
import { unfinishedImports } from './unfinished-imports.ts';

type Deletion = {
  readonly operationId: string;
  readonly projectId: string;
  readonly backupId: string;
  readonly actor: Actor;
  readonly requestId: string;
  readonly deletedAtMs: number;
};
type Deleted =
  | { readonly result: 'deleted'; readonly ended: readonly EndedOperation[] }
  | { readonly result: 'not_found' }
  | { readonly result: 'busy'; readonly operationId: string };

/** Forgets a record. */
export async function deleteBackup(database: Kysely<Schema>, deletion: Deletion): Promise<Deleted> {
  const { projectId, backupId, deletedAtMs } = deletion;
  await lockParts(database, projectId, () => [['backup', backupId]]);
  const inFlight = await unfinishedImports(database)
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .select('id')
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst();
  if (inFlight !== undefined) return { result: 'busy', operationId: inFlight.id };

  const record = await changeRecord(database, projectId, backupId, () => ({
    forgotten_at_ms: deletedAtMs,
    updated_at_ms: deletedAtMs,
    last_operation_id: deletion.operationId,
  }));
  if (record === null) return { result: 'not_found' };

  await database
    .insertInto('operations')
    .values({
      id: deletion.operationId,
      project_id: projectId,
      kind: 'delete',
      parent_operation_id: null,
      storage_unit_id: record.storage_unit_id,
      bucket_name: record.bucket_name,
      chain_root: null,
      backup_id: backupId,
      resource_id: record.resource_id,
      resource_name: record.resource_name,
      // With the name under which people know the backup.
      item: itemToJson({ ...itemOfRecord(rowToRecord(record)), backup_name: record.backup_name }),
      actor_kind: deletion.actor.kind,
      actor_name: deletion.actor.name,
      request_id: deletion.requestId,
      status: 'success',
      message: 'The record was removed from the catalogue; the backup itself was not touched.',
      reason_detail: '',
      incremental: record.incremental,
      created_at_ms: deletedAtMs,
      started_at_ms: deletedAtMs,
      ended_at_ms: deletedAtMs,
      updated_at_ms: deletedAtMs,
      deadline_at_ms: deletedAtMs,
      epoch: 0,
    })
    .execute();
  return { result: 'deleted', ended: await noteEnds(database, [deletion.operationId]) };
}
