import { fixedQuery } from '../fixed-query.ts';
import { oneQuery } from '../one-query.ts';
import type { OperationRecord } from '../operation-records.ts';
import { rowToOperation } from '../operation-rows.ts';

const shownOperation = fixedQuery((database, { projectId, id }: { projectId: string; id: string }) =>
  database.selectFrom('operations').where('id', '=', id).where('project_id', '=', projectId).selectAll(),
);

/** Returns an operation of the project; null if there is none with this id. */
export const showOperation = oneQuery({
  query: shownOperation,
  values: (_, projectId: string, operationId: string) => ({ projectId, id: operationId }),
  answer: ([row]): OperationRecord | null => (row === undefined ? null : rowToOperation(row)),
});
