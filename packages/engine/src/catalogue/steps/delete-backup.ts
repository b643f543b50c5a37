import type { Kysely } from 'kysely';
import { lockParts } from '../locks.ts';
import type { Actor, EndedOperation } from '../operation-records.ts';
import type { Schema } from '../schema.ts';
import { noteEnds } from './events.ts';
import { forgetRecord } from './forget-record.ts';
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

  const isForgotten = await forgetRecord(database, {
    id: deletion.operationId,
    project_id: projectId,
    parent_operation_id: null,
    actor_kind: deletion.actor.kind,
    actor_name: deletion.actor.name,
    request_id: deletion.requestId,
    message: 'The record was removed from the catalogue; the backup itself was not touched.',
    backupId,
    partOf: null,
    atMs: deletedAtMs,
  });
  if (!isForgotten) return { result: 'not_found' };
  return { result: 'deleted', ended: await noteEnds(database, [deletion.operationId]) };
}
