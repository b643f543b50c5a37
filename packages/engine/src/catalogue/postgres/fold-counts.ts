import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/** Transactions whose counts are folded at once. */
const foldedMax = 10_000;

/**
 * Adds what transactions have counted to the row of each count. Readers get the same sum before and after. Two nodes
 * that do this at the same time take different rows.
 */
export async function foldCounts(database: Kysely<Schema>): Promise<void> {
  await sql`
    with taken as (
      delete from row_counts where ctid = any (array(
        select ctid from row_counts where slot <> 0 limit ${foldedMax} for update skip locked
      )) returning project_id, subject, part, total
    )
    insert into row_counts (project_id, subject, part, slot, total)
    select project_id, subject, part, 0, sum(total) from taken group by project_id, subject, part
      order by project_id, subject, part
    on conflict (project_id, subject, part, slot) do update set total = row_counts.total + excluded.total`.execute(
    database,
  );
}
