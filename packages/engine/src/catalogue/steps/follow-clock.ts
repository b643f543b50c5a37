import { type Kysely, sql } from 'kysely';
import { operationLivesMs } from '../../deadline.ts';
import { differencesOf } from '../differences.ts';
import { lockProjects } from '../locks.ts';
import type { Schema } from '../schema.ts';

/** A change of the wall clock. */
type ClockChange = {
  /**
   * Milliseconds by which the clock was set forward; negative if it was set back, 0 at a start, when this is unknown.
   */
  readonly steppedMs: number;
  /** The time that the clock shows now. */
  readonly nowMs: number;
};

/** Moves deadlines and planned runs with a wall clock that was set. */
export async function followClock(database: Kysely<Schema>, { steppedMs, nowMs }: ClockChange): Promise<void> {
  const { least } = differencesOf(database);
  const forwardMs = Math.max(0, steppedMs);
  const backMs = Math.min(0, steppedMs);
  const latestDeadlineMs = nowMs + operationLivesMs;
  const deadlines = database
    .updateTable('operations')
    .set({ deadline_at_ms: least(sql`deadline_at_ms + ${sql.lit(forwardMs)}`, sql.lit(latestDeadlineMs)) })
    .where('ended_at_ms', 'is', null);
  const unfinished = database.selectFrom('operations').where('ended_at_ms', 'is', null);
  const moved = forwardMs > 0 ? unfinished : unfinished.where('deadline_at_ms', '>', latestDeadlineMs);
  // Steps that end an operation change others too, in an order that this one cannot follow.
  await lockProjects(database, async () => {
    const rows = await moved.select('project_id').distinct().execute();
    return rows.map((row) => row.project_id);
  });
  if (forwardMs > 0) {
    await database
      .updateTable('operations')
      .set({ first_failure_at_ms: sql<number>`first_failure_at_ms + ${sql.lit(forwardMs)}` })
      .where('ended_at_ms', 'is', null)
      .where('first_failure_at_ms', 'is not', null)
      .execute();
  }
  await (forwardMs > 0 ? deadlines : deadlines.where('deadline_at_ms', '>', latestDeadlineMs)).execute();
  await database
    .updateTable('sources')
    .set({
      next_run_at_ms: least(sql`next_run_at_ms + ${sql.lit(backMs)}`, sql`${sql.lit(nowMs)} + interval_s * 1000`),
    })
    .where('next_run_at_ms', 'is not', null)
    .where('interval_s', 'is not', null)
    .execute();
}
