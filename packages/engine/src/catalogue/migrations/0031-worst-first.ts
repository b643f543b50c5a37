import { type Kysely, type QueryExecutorProvider, SqliteAdapter, sql } from 'kysely';

/**
 * Lists resources with the worst first. For each, the database counts the levels at which it has a newest proved backup.
 * Each level includes those before it, so it has one at the first levels and none at the others. The recent backups of a
 * resource get indexes, and ended operations are counted by day.
 *
 * The database counts by itself: so it also counts what the previous release writes at the same time.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const isSqlite = database.getExecutor().adapter instanceof SqliteAdapter;
  // Nobody else writes to these tables until the migration has ended. Steps write to them in this order, too.
  if (!isSqlite) {
    await sql`lock table operations, backups, resources, resource_heads in access exclusive mode`.execute(database);
  }
  await database.schema
    .alterTable('resources')
    .addColumn('proved_levels', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await (isSqlite ? keepOnSqlite(database) : keepOnPostgres(database));
  await sql.raw(`update resources set proved_levels = ${levelsOf('resources')}`).execute(database);
  await sql.raw(countEach(isSqlite ? dayOnSqlite : dayOnPostgres, 'operations', '0', 'count(*)')).execute(database);
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

type DayOf = (row: string) => string;
const dayOnSqlite: DayOf = (row) => `date(${row}.ended_at_ms / 1000, 'unixepoch')`;
const dayOnPostgres: DayOf = (row) =>
  `to_char(to_timestamp(${row}.ended_at_ms / 1000) at time zone 'UTC', 'YYYY-MM-DD')`;

const counts = 'insert into row_counts (project_id, subject, part, slot, total)';

/** What an operation is counted as: its kind as the API calls it, and the day and status of its end. */
function countedAs(dayOf: DayOf, row: string): string {
  const kind = `case when ${row}.kind = 'scan' and ${row}.source_id is not null then 'source_run' else ${row}.kind end`;
  return `${row}.project_id, 'ended_' || ${kind}, ${dayOf(row)} || ' ' || ${row}.status`;
}

/** Counts the ended ones of these operations. */
function countEach(dayOf: DayOf, operations: string, slot: string, total: string): string {
  return `${counts} select ${countedAs(dayOf, 'each')}, ${slot}, ${total}
    from ${operations} as each where each.ended_at_ms is not null group by 1, 2, 3`;
}

/** The changes of one row that matter, each with its condition. For most updates it is false, and nothing is run. */
function changesOf(table: string, column: string) {
  return {
    came: { on: `insert on ${table}`, when: `new.${column} is not null` },
    went: { on: `delete on ${table}`, when: `old.${column} is not null` },
    turned: { on: `update of ${column} on ${table}`, when: `(old.${column} is null) <> (new.${column} is null)` },
  };
}

async function keepOnSqlite(database: QueryExecutorProvider): Promise<void> {
  const heads = changesOf('resource_heads', 'taken_at_ms');
  const ended = changesOf('operations', 'ended_at_ms');
  const add = (row: string, total: number) => `${counts}
    select ${countedAs(dayOnSqlite, row)}, 0, ${total} where ${row}.ended_at_ms is not null
    on conflict do update set total = total + excluded.total;`;
  const triggers = {
    resource_heads_came: { ...heads.came, body: `${countLevels('new')};` },
    resource_heads_went: { ...heads.went, body: `${countLevels('old')};` },
    resource_heads_turned: { ...heads.turned, body: `${countLevels('new')};` },
    operations_came: { ...ended.came, body: add('new', 1) },
    operations_went: { ...ended.went, body: add('old', -1) },
    operations_turned: { ...ended.turned, body: `${add('old', -1)} ${add('new', 1)}` },
  };
  for (const [name, { on, when, body }] of Object.entries(triggers)) {
    await sql`create trigger ${sql.ref(name)} after ${sql.raw(on)} when ${sql.raw(when)}
      begin ${sql.raw(body)} end`.execute(database);
  }
}

/** Each transaction counts in rows of its own, see 0030-row-counts.ts. */
async function keepOnPostgres(database: QueryExecutorProvider): Promise<void> {
  const heads = changesOf('resource_heads', 'taken_at_ms');
  const { turned } = changesOf('operations', 'ended_at_ms');
  const add = (operations: string, total: string) => `
    ${countEach(dayOnPostgres, operations, 'pg_current_xact_id()::text::bigint', total)}
    on conflict (project_id, subject, part, slot) do update set total = row_counts.total + excluded.total;`;
  const eachRow = (when: string) => `for each row when (${when})`;
  const triggers = {
    resource_heads_came: { on: heads.came.on, each: eachRow(heads.came.when), body: `${countLevels('new')};` },
    resource_heads_went: { on: heads.went.on, each: eachRow(heads.went.when), body: `${countLevels('old')};` },
    resource_heads_turned: { on: heads.turned.on, each: eachRow(heads.turned.when), body: `${countLevels('new')};` },
    // For each statement: a move loads many ended operations by one, and each row would change the same count.
    operations_came: {
      on: 'insert on operations',
      each: 'referencing new table as written for each statement',
      // Accepted operations have not ended: most statements count nothing.
      body: `if exists (select from written where ended_at_ms is not null) then ${add('written', 'count(*)')} end if;`,
    },
    operations_went: {
      on: 'delete on operations',
      each: 'referencing old table as written for each statement',
      body: add('written', '-count(*)'),
    },
    operations_turned: {
      on: turned.on,
      each: eachRow(turned.when),
      body: `${add('(select old.*)', '-count(*)')} ${add('(select new.*)', 'count(*)')}`,
    },
  };
  for (const [name, { on, each, body }] of Object.entries(triggers)) {
    const called = sql.ref(name);
    await sql`create function ${called}() returns trigger language plpgsql as ${sql.lit(`begin ${body} return null; end`)}`.execute(
      database,
    );
    await sql`create trigger ${called} after ${sql.raw(on)} ${sql.raw(each)} execute function ${called}()`.execute(
      database,
    );
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
