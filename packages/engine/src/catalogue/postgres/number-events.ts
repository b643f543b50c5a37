import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';
import { dropOldEvents } from '../steps/events.ts';
import { databaseNowMs } from './postgres-dialect.ts';

/** Events that are numbered in one transaction. */
const batchSize = 1_000;

/** The channel that notifies nodes of new events. */
export const eventsChannel = 'backup_sync_events';

type Numbered = { readonly project_id: string; readonly cursor: number };

/**
 * Numbers the oldest events that are committed and have no number yet, without gaps within each project. Tells all nodes
 * with the same commit. Returns whether there may be more.
 *
 * Only one transaction at a time numbers events. Another that is called meanwhile numbers none and returns false.
 */
export async function numberEvents(database: Kysely<Schema>): Promise<boolean> {
  return await database.transaction().execute(async (transaction) => {
    const isAlone = sql<{
      alone: boolean;
    }>`select pg_try_advisory_xact_lock(hashtextextended('events are numbered', 0)) as alone`;
    if ((await isAlone.execute(transaction)).rows[0]?.alone !== true) return false;
    const { rows } = await sql<Numbered>`
      with taken as (
        delete from pending_events where id in (select id from pending_events order by id limit ${batchSize}) returning *
      )
      insert into operation_events (project_id, cursor, operation_id, status, at_ms)
      select project_id,
        row_number() over (partition by project_id order by id)
          + coalesce((select max(noted.cursor) from operation_events as noted where noted.project_id = taken.project_id), 0),
        operation_id, status, at_ms
      from taken
      returning project_id, cursor`.execute(transaction);
    if (rows.length === 0) return false;
    const newest = new Map<string, number>();
    for (const { project_id, cursor } of rows) newest.set(project_id, Math.max(cursor, newest.get(project_id) ?? 0));
    await dropOldEvents(transaction, newest);
    await sql`select pg_notify(${eventsChannel}, '')`.execute(transaction);
    return rows.length === batchSize;
  });
}

/** How long the oldest event without a number has waited, in milliseconds; 0 if there is none. */
export async function eventLagMs(database: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ lag: number | null }>`
    select ${databaseNowMs} - min(noted_at_ms) as lag from (
      select noted_at_ms from pending_events order by id limit 1
    ) as oldest`.execute(database);
  return Math.max(0, rows[0]?.lag ?? 0);
}
