import { type CheckedInput, type OperationDay, type OperationStatus, operationKinds } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** Comes after every status, by UTF-8 bytes. */
const afterStatuses = '~';

/** Returns how many operations ended on each day, by day, kind and status. Those that are 0 are left out. */
export async function countOperationDays(
  database: Kysely<Schema>,
  filter: CheckedInput<'countOperationDays'>,
): Promise<readonly OperationDay[]> {
  const days: OperationDay[] = [];
  for (const kind of new Set(filter.kind ?? operationKinds)) {
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
      const operations = Number(total);
      if (operations > 0) days.push({ date, kind, status: status as OperationStatus, operations });
    }
  }
  return days.toSorted((one, other) => compare(one.date, other.date));
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
