import type { Kysely } from 'kysely';
import type { OperationRecord } from '../records.ts';
import { kindsWithItem, rowToOperation } from '../rows.ts';
import type { Schema } from '../schema.ts';

/** An import or deletion of the project, by its id. */
export async function showOperation(
  database: Kysely<Schema>,
  projectId: string,
  operationId: string,
): Promise<OperationRecord | null> {
  const row = await database
    .selectFrom('operations')
    .where('id', '=', operationId)
    .where('project_id', '=', projectId)
    .where('kind', 'in', kindsWithItem)
    .selectAll()
    .executeTakeFirst();
  return row === undefined ? null : rowToOperation(row);
}
