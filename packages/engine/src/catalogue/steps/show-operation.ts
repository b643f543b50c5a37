import type { Kysely } from 'kysely';
import type { OperationRecord } from '../operation-records.ts';
import { rowToOperation } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';

/** An operation of the project, by its id. */
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
