import { type CheckedInput, type OperationDay, type OperationStatus, operationKinds } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** Comes after every status, by UTF-8 bytes. */
const afterStatuses = '~';

/**
 * Returns how many operations ended on each day, by day, kind and status, with those that have been removed since. Those
 * that are 0 are left out.
 */
export async function countOperationDays(
  database: Kysely<Schema>,
  filter: CheckedInput<'countOperationDays'>,
): Promise<readonly OperationDay[]> {
  const kinds = new Set(filter.kind ?? operationKinds);
  const counts = new Map<string, OperationDay>();
  const add = (day: OperationDay) => {
    const key = `${day.date} ${day.kind} ${day.status}`;
    counts.set(key, { ...day, operations: day.operations + (counts.get(key)?.operations ?? 0) });
  };
  for (const kind of kinds) {
    const rows = await database
      .selectFrom('row_counts')
      .where('project_id', '=', filter.project_id)
      .where('subject', '=', `ended_${kind}`)
      .where('part', '>=', filter.from)
      .where('part', '<', `${filter.to} ${afterStatuses}`)
      .groupBy('part')
      .select(['part', ({ fn }) => fn.sum('total').as('total')])
      .execute();
    for (const { part, total } of rows) {
      // The trigger of the table writes this form.
      const [date = '', status] = part.split(' ');
      add({ date, kind, status: status as OperationStatus, operations: Number(total) });
    }
  }
  const removed = await database
    .selectFrom('removed_operations')
    .where('project_id', '=', filter.project_id)
    .where('kind', 'in', [...kinds])
    .where('day', '>=', filter.from)
    .where('day', '<=', filter.to)
    .selectAll()
    .execute();
  for (const { day, kind, status, operations } of removed) add({ date: day, kind, status, operations });
  return [...counts.values()]
    .filter(({ operations }) => operations > 0)
    .toSorted(
      (one, other) =>
        compare(one.date, other.date) ||
        operationKinds.indexOf(one.kind) - operationKinds.indexOf(other.kind) ||
        compare(one.status, other.status),
    );
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
