import type { Kysely, Selectable } from 'kysely';
import { rowToRecord } from '../backup-rows.ts';
import { itemOfRecord } from '../item-of-record.ts';
import { itemToJson } from '../operation-rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { changeRecord } from './change-record.ts';

/** Why a record is removed, and by whom. */
export type Removal = Pick<
  Selectable<OperationRow>,
  'id' | 'project_id' | 'parent_operation_id' | 'actor_kind' | 'actor_name' | 'request_id' | 'message'
> & {
  readonly backupId: string;
  /** The package that the backup is part of; null if that is not the reason. */
  readonly partOf: string | null;
  readonly atMs: number;
};

/**
 * Removes a record from view, and adds the ended operation that says why. The caller has locked the backup, and notes
 * the end of the operation. Returns false if there is no record.
 */
export async function forgetRecord(
  database: Kysely<Schema>,
  { backupId, partOf, atMs, ...operation }: Removal,
): Promise<boolean> {
  const record = await changeRecord(database, operation.project_id, backupId, () => ({
    forgotten_at_ms: atMs,
    part_of: partOf,
    updated_at_ms: atMs,
    last_operation_id: operation.id,
  }));
  if (record === null) return false;
  await database
    .insertInto('operations')
    .values({
      ...operation,
      kind: 'delete',
      storage_unit_id: record.storage_unit_id,
      bucket_name: record.bucket_name,
      chain_root: null,
      backup_id: backupId,
      resource_id: record.resource_id,
      resource_name: record.resource_name,
      // With the name under which people know the backup.
      item: itemToJson({ ...itemOfRecord(rowToRecord(record)), backup_name: record.backup_name }),
      status: 'success',
      reason_detail: '',
      incremental: record.incremental,
      created_at_ms: atMs,
      started_at_ms: atMs,
      ended_at_ms: atMs,
      updated_at_ms: atMs,
      deadline_at_ms: atMs,
      epoch: 0,
    })
    .execute();
  return true;
}
