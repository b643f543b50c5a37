import { type Kysely, type QueryExecutorProvider, SqliteAdapter, sql } from 'kysely';

/** A table whose rows count while a column is not null. */
type Counted = {
  readonly table: string;
  readonly column: string;
  /** The statement to run after a row has begun (`+`) or ceased (`-`) to count; `row` is "new" or "old". */
  readonly change: (row: 'new' | 'old', sign: '+' | '-') => string;
};

/**
 * Lists resources with the worst first. For each, the database counts the levels at which it has a newest proved backup.
 * Each level includes those before it, so it has one at the first levels and none at the others. The recent backups of a
 * resource get indexes, and ended operations are counted by day.
 *
 * The database counts by itself: so it also counts what the previous release writes at the same time.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const isSqlite = database.getExecutor().adapter instanceof SqliteAdapter;
  await database.schema
    .alterTable('resources')
    .addColumn('proved_levels', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  const slot = isSqlite ? '0' : 'pg_current_xact_id()::text::bigint';
  const counted: readonly Counted[] = [
    { table: 'resource_heads', column: 'taken_at_ms', change: countLevels },
    {
      table: 'operations',
      column: 'ended_at_ms',
      change: (row, sign) => `${daysOf(row, slot, `${sign}1`, isSqlite)} where ${row}.ended_at_ms is not null ${addUp}`,
    },
  ];
  for (const each of counted) {
    // First: from then on, nobody else writes to the table until the migration has ended.
    await addTriggers(database, each, isSqlite);
  }
  await sql.raw(`update resources set proved_levels = ${levelsOf('resources')}`).execute(database);
  const all = `${daysOf('each', '0', 'count(*)', isSqlite)} from operations as each where ended_at_ms is not null`;
  await sql.raw(`${all} group by 1, 2, 3`).execute(database);
  await createIndexes(database);
}

function levelsOf(row: string): string {
  return `(select count(*) from resource_heads as head where head.project_id = ${row}.project_id
    and head.source_id = ${row}.source_id and head.resource_id = ${row}.resource_id and head.taken_at_ms is not null)`;
}

function countLevels(row: string): string {
  return `update resources set proved_levels = ${levelsOf(row)} where project_id = ${row}.project_id
    and source_id = ${row}.source_id and resource_id = ${row}.resource_id`;
}

/** Inserts counts by kind, as the API calls it, and by day and status. */
function daysOf(row: string, slot: string, total: string, isSqlite: boolean): string {
  const day = isSqlite
    ? `date(${row}.ended_at_ms / 1000, 'unixepoch')`
    : `to_char(to_timestamp(${row}.ended_at_ms / 1000) at time zone 'UTC', 'YYYY-MM-DD')`;
  return `insert into row_counts (project_id, subject, part, slot, total)
    select ${row}.project_id,
      'ended_' || case when ${row}.kind = 'scan' and ${row}.source_id is not null then 'source_run' else ${row}.kind end,
      ${day} || ' ' || ${row}.status, ${slot}, ${total}`;
}

const addUp = `on conflict (project_id, subject, part, slot) do update set total = row_counts.total + excluded.total`;

async function addTriggers(
  database: QueryExecutorProvider,
  { table, column, change }: Counted,
  isSqlite: boolean,
): Promise<void> {
  const events = {
    begun: { on: `insert on ${table}`, when: `new.${column} is not null`, does: [change('new', '+')] },
    ceased: { on: `delete on ${table}`, when: `old.${column} is not null`, does: [change('old', '-')] },
    turned: {
      on: `update of ${column} on ${table}`,
      // For most updates this is false, and nothing is run.
      when: `(old.${column} is null) <> (new.${column} is null)`,
      does: [change('old', '-'), change('new', '+')],
    },
  };
  for (const [name, { on, when, does }] of Object.entries(events)) {
    const body = does.map((statement) => `${statement};`).join(' ');
    const trigger = sql.ref(`${table}_${name}`);
    if (isSqlite) {
      await sql`create trigger ${trigger} after ${sql.raw(on)} when ${sql.raw(when)} begin ${sql.raw(body)} end`.execute(
        database,
      );
      continue;
    }
    const called = sql.ref(`${table}_${name}`);
    await sql`create function ${called}() returns trigger language plpgsql as ${sql.lit(`begin ${body} return null; end`)}`.execute(
      database,
    );
    await sql`create trigger ${trigger} after ${sql.raw(on)} for each row when (${sql.raw(when)})
      execute function ${called}()`.execute(database);
  }
}

async function createIndexes(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  const ofResources = {
    resources_by_proof: ['project_id', 'source_id', 'proved_levels', 'resource_id'],
    resources_by_name: ['project_id', 'source_id', 'resource_name', 'resource_id'],
  } as const;
  for (const [index, columns] of Object.entries(ofResources)) {
    await schema
      .createIndex(index)
      .on('resources')
      .columns([...columns])
      .execute();
  }
  await schema
    .createIndex('resource_heads_by_age')
    .on('resource_heads')
    .columns(['project_id', 'source_id', 'level', 'taken_at_ms', 'resource_id'])
    .where(sql.ref('taken_at_ms'), 'is not', null)
    .execute();
  const recent = ['project_id', 'resource_id', 'taken_at_ms desc', 'backup_id'] as const;
  await schema
    .createIndex('backups_of_resource_by_age')
    .on('backups')
    .columns([...recent])
    .where(sql.ref('forgotten_at_ms'), 'is', null)
    .execute();
  await schema
    .createIndex('backups_in_error_by_age')
    .on('backups')
    .columns([...recent])
    .where(sql.ref('forgotten_at_ms'), 'is', null)
    .where(sql.ref('status'), '=', sql.lit('error'))
    .execute();
}
