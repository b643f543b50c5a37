import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/** A table is analysed once it has this many times the rows that the planner knows of. */
const growth = 4;
/** Tables with fewer rows are fast to read in any way. */
const rowsMin = 500;

/**
 * Analyses the tables that have grown far beyond what the planner of the database knows of them. PostgreSQL does this
 * by itself within minutes, but a table that was empty a moment ago may have 100,000 rows by then. Until it is analysed,
 * the planner takes it for small, and queries read all its unfinished operations where they need one.
 *
 * A user who may not analyse a table gets a warning from the database and no error. Two nodes that do this at the same
 * time wait for each other.
 */
export async function keepStatistics(database: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ schema: string; name: string }>`
    select stats.schemaname as schema, stats.relname as name
    from pg_stat_user_tables as stats join pg_class as class on class.oid = stats.relid
    where stats.schemaname in (current_schema(), 'pgboss')
      and stats.n_live_tup > ${rowsMin} and stats.n_live_tup > ${growth} * greatest(class.reltuples, 0)`.execute(
    database,
  );
  for (const { schema, name } of rows) await sql`analyze ${sql.table(`${schema}.${name}`)}`.execute(database);
}
