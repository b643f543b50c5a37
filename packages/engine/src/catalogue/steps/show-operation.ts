import type { Kysely } from 'kysely';
import type { OperationRecord } from '../operation-records.ts';
import { rowToOperation } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';

/** Returns an operation of the project; null if there is none with this id. */
export async function showOperation(
  database: Kysely<Schema>,
  projectId: string,
  operationId: string,
): Promise<OperationRecord | null> {
  const row = await database
    .selectFrom('operations')
    .where('id', '=', operationId)
    .where('project_id', '=', projectId)
    .selectAll()
    .executeTakeFirst();
  return row === undefined ? null : rowToOperation(row);
}
