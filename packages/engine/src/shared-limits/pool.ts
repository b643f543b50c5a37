import type { Pool } from 'pg';

/** The connections to PostgreSQL that the shared limits use. The limits never close them. */
export type LimitPool = Pick<Pool, 'query'>;

/** Time after which PostgreSQL counts as away, in milliseconds. Long enough for a slow disk. */
export const answerWithinMs = 1_000;

/**
 * SQL of the time of the database, in milliseconds since 1970. Nodes compare only such times, since their own clocks
 * may differ.
 */
export const databaseNowMs = 'extract(epoch from clock_timestamp())::double precision * 1000';

/**
 * SQL that lets the statement's transaction commit without waiting for the disk. A crash of PostgreSQL then forgets
 * less than a second of counts.
 */
export const withoutDisk = "set_config('synchronous_commit', 'off', true)";

/** Runs one statement. Throws after {@link answerWithinMs} without an answer, even while it waits for a connection. */
export async function askLimits<Row>(
  pool: LimitPool,
  statement: { readonly name: string; readonly text: string; readonly values: readonly unknown[] },
): Promise<readonly Row[]> {
  const asked = pool.query<Row & object>({ ...statement, values: [...statement.values] });
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('PostgreSQL does not answer')), answerWithinMs);
  try {
    const { rows } = await Promise.race([asked, late.promise]);
    return rows;
  } finally {
    clearTimeout(timer);
    // Nobody waits for it any more if it was late.
    asked.catch(() => {});
  }
}
