import { type Kysely, type QueryExecutorProvider, SqliteAdapter, sql } from 'kysely';

/** A table whose rows are counted: by which subject and part, and the columns that can change these. */
type Counted = {
  readonly table: string;
  /** Whether a row counts; `row` is "new", "old" or a name of the table. */
  readonly counts: (row: string) => string;
  readonly project: (row: string) => string;
  readonly subject: (row: string) => string;
  readonly part: (row: string) => string;
  readonly changing: readonly string[];
};

const tables: readonly Counted[] = [
  {
    table: 'operations',
    counts: () => '1 = 1',
    project: (row) => `${row}.project_id`,
    // As the API calls them.
    subject: (row) =>
      `case when ${row}.kind = 'scan' and ${row}.source_id is not null then 'source_run' else ${row}.kind end`,
    part: (row) => `${row}.status`,
    changing: ['kind', 'source_id', 'status'],
  },
  {
    table: 'backups',
    counts: (row) => `${row}.forgotten_at_ms is null`,
    project: (row) => `${row}.project_id`,
    subject: () => `'backup'`,
    part: (row) => `${row}.status`,
    changing: ['status', 'forgotten_at_ms'],
  },
  {
    table: 'resources',
    counts: () => '1 = 1',
    project: (row) => `${row}.project_id`,
    subject: () => `'resource'`,
    part: (row) => `${row}.source_id`,
    changing: [],
  },
  {
    table: 'audit_events',
    counts: () => '1 = 1',
    // They are listed for all projects together.
    project: () => `''`,
    subject: () => `'audit_event'`,
    part: () => `''`,
    changing: [],
  },
];

const columns = 'row_counts (project_id, subject, part, slot, total)';

/**
 * Counts rows as they are written, so that a listing of a million rows can say how many there are. The database does it
 * itself: so it also counts what the previous release writes at the same time, and what a move loads.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  const isSqlite = database.getExecutor().adapter instanceof SqliteAdapter;
  await schema
    .createTable('row_counts')
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('part', 'text', (column) => column.notNull())
    .addColumn('slot', 'bigint', (column) => column.notNull())
    .addColumn('total', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('row_counts_key', ['project_id', 'subject', 'part', 'slot'])
    // One page for each step that writes, instead of two.
    .$call((table) => (isSqlite ? table.modifyEnd(sql`without rowid`) : table))
    .execute();
  for (const counted of tables) {
    // First: from then on, nobody else writes to the table until the migration has ended.
    await (isSqlite ? countOnSqlite(database, counted) : countOnPostgres(database, counted));
    await sql.raw(`insert into ${columns} ${groups(counted, counted.table, '0', 'count(*)')}`).execute(database);
  }
  if (isSqlite) return;
  await schema
    .createIndex('row_counts_to_fold')
    .on('row_counts')
    .column('slot')
    .where(sql.ref('slot'), '<>', sql.lit(0))
    .execute();
}

/** Selects how many of these rows count, by what they count as. */
function groups({ counts, project, subject, part }: Counted, rows: string, slot: string, total: string): string {
  return `select ${project('each')}, ${subject('each')}, ${part('each')}, ${slot}, ${total}
    from ${rows} as each where ${counts('each')} group by 1, 2, 3`;
}

/** SQLite has one writer, so each count is a single row. */
async function countOnSqlite(database: QueryExecutorProvider, counted: Counted): Promise<void> {
  const { table, counts, project, subject, part, changing } = counted;
  const add = (row: string, number: number) => `insert into ${columns}
    select ${project(row)}, ${subject(row)}, ${part(row)}, 0, ${number} where ${counts(row)}
    on conflict do update set total = total + excluded.total;`;
  const triggers = {
    added: `after insert on ${table} begin ${add('new', 1)} end`,
    removed: `after delete on ${table} begin ${add('old', -1)} end`,
    changed: `after update of ${changing} on ${table} when ${hasChanged(changing)} begin
      ${add('old', -1)} ${add('new', 1)} end`,
  };
  for (const [name, trigger] of Object.entries(triggers)) {
    if (name === 'changed' && changing.length === 0) continue;
    await sql`create trigger ${sql.ref(`${table}_${name}`)} ${sql.raw(trigger)}`.execute(database);
  }
}

function hasChanged(changing: readonly string[]): string {
  return changing.map((column) => `old.${column} is distinct from new.${column}`).join(' or ');
}

/**
 * On PostgreSQL, each transaction adds rows of its own, whose slot is its number, so that none waits for another.
 * `fold-counts.ts` adds them up. A slot may repeat after a dump is restored: then both are added to one row.
 */
async function countOnPostgres(database: QueryExecutorProvider, counted: Counted): Promise<void> {
  const { table, changing } = counted;
  const slot = 'pg_current_xact_id()::text::bigint';
  const add = (rows: string, total: string) => `insert into ${columns}
    ${groups(counted, rows, slot, total)}
    on conflict (project_id, subject, part, slot) do update set total = row_counts.total + excluded.total;`;
  const triggers = {
    added: {
      body: add('written', 'count(*)'),
      on: 'after insert on',
      each: 'referencing new table as written for each statement',
    },
    removed: {
      body: add('written', '-count(*)'),
      on: 'after delete on',
      each: 'referencing old table as written for each statement',
    },
    // For each row: for most updates of these tables, the condition is false, and the function is not called.
    changed: {
      body: `${add('(select old.*)', '-count(*)')} ${add('(select new.*)', 'count(*)')}`,
      on: `after update of ${changing} on`,
      each: `for each row when (${hasChanged(changing)})`,
    },
  };
  for (const [name, { body, on, each }] of Object.entries(triggers)) {
    if (name === 'changed' && changing.length === 0) continue;
    const called = sql.ref(`count_${table}_${name}`);
    await sql`create function ${called}() returns trigger language plpgsql as ${sql.lit(`begin ${body} return null; end`)}`.execute(
      database,
    );
    await sql`create trigger ${sql.ref(`${table}_${name}`)} ${sql.raw(on)} ${sql.table(table)} ${sql.raw(each)}
      execute function ${called}()`.execute(database);
  }
}
