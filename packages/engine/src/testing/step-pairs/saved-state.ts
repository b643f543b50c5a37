import type pg from 'pg';

/** The tables of the catalogue. A table comes after those that it refers to. */
const tables = [
  ...['projects', 'users', 'role_assignments', 'tokens', 'bucket_grants', 'access_keys', 'audit_events'],
  ...['audit_subjects', 'backups', 'operations', 'verifications', 'scan_findings', 'joined_imports', 'sources'],
  ...['source_members', 'resources', 'resource_heads', 'retired_resources', 'bucket_outages', 'operation_events'],
  ...['nodes', 'verification_parts', 'settings', 'proved_objects'],
  ...['pending_events', 'schema_version'],
] as const;

/** The tables whose rows refer to projects, and what refers to those. */
const identityTables = ['users', 'role_assignments', 'tokens', 'bucket_grants', 'access_keys'] as const;

type Table = (typeof tables)[number];
type Row = Readonly<Record<string, unknown>>;
type State = Readonly<Record<Table, readonly Row[]>>;

const ids = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Tables whose rows are deleted with those of another. */
const cascades = {
  users: ['role_assignments', 'tokens', 'access_keys'],
  sources: ['source_members'],
} as const;

/** Times of the database's clock. Those that steps are given are short after 1970. */
const presentTimes = /\b1\d{12}\b/g;

/** The content of a database, saved so that it can be restored many times. */
export class SavedState {
  readonly #client: pg.Client;
  readonly #state: State;
  /** The ids of its operations. */
  readonly #stored: ReadonlySet<unknown>;
  /** The ids that steps have not made. */
  readonly #known: ReadonlySet<string>;

  private constructor(client: pg.Client, state: State, inputs: string) {
    this.#client = client;
    this.#state = state;
    this.#stored = new Set(state.operations.map(({ id }) => id));
    this.#known = new Set([...JSON.stringify(state).matchAll(ids), ...inputs.matchAll(ids)].map(([id]) => id));
  }

  /** Saves the content of the database. `inputs` has the ids that steps are given. */
  static async save(client: pg.Client, inputs: string): Promise<SavedState> {
    await client.query('create schema saved');
    for (const table of tables) await client.query(`create table saved.${table} as select * from ${table}`);
    return new SavedState(client, await read(client, tables), inputs);
  }

  /** Restores what these statements have written. */
  async restore(statements: readonly string[]): Promise<void> {
    const written = writtenBy(statements);
    const parts = [
      ...written.toReversed().map((table) => `delete from ${table}`),
      ...written.map((table) => `insert into ${table} select * from saved.${table}`),
    ];
    await this.#client.query(['begin', ...parts, 'commit'].join(';'));
  }

  /**
   * Returns what these statements have changed, without what may differ from run to run: new ids, present
   * times, and the order in which rows were written.
   */
  async changes(statements: readonly string[]): Promise<string> {
    const written = writtenBy(statements);
    const now = await read(this.#client, written);
    const lines = written.flatMap((table) => {
      const before = this.#describe(table, this.#state[table]);
      const after = this.#describe(table, now[table]);
      return [
        ...before.filter((line) => !after.includes(line)).map((line) => `was ${line}`),
        ...after.filter((line) => !before.includes(line)).map((line) => `is ${line}`),
      ];
    });
    return lines.toSorted().join('\n');
  }

  normalise(text: string): string {
    return text.replaceAll(ids, (id) => (this.#known.has(id) ? id : 'new')).replaceAll(presentTimes, 'now');
  }

  #describe(table: Table, rows: readonly Row[]): readonly string[] {
    const shown =
      table === 'pending_events' ? transitionsOf(rows) : rows.map((row) => this.#withoutNewSequence(table, row));
    return shown.map((row) => `${table} ${this.normalise(JSON.stringify(row))}`);
  }

  #withoutNewSequence(table: Table, row: Row): Row {
    return table === 'operations' && !this.#stored.has(row.id) ? { ...row, sequence: null } : row;
  }
}

/** The events of each operation, in order. Those of different operations are in any order. */
function transitionsOf(events: readonly Row[]): readonly Row[] {
  const ofOperation = Map.groupBy(events, (event) => event.operation_id);
  return [...ofOperation].map(([id, some]) => ({
    id,
    transitions: some
      .toSorted((one, other) => Number(one.id) - Number(other.id))
      .map(({ status, at_ms: atMs }) => [status, atMs]),
  }));
}

async function read(client: pg.Client, some: readonly Table[]): Promise<State> {
  const parts = some.map((table) => `'${table}', (select coalesce(jsonb_agg(${table}), '[]') from ${table})`);
  const { rows } = await client.query<{ state: State }>(`select jsonb_build_object(${parts.join(', ')}) as state`);
  const [row] = rows;
  if (row === undefined) throw new Error('the database returned no row');
  return row.state;
}

/** The tables that these statements have written, and those whose rows went with theirs. */
function writtenBy(statements: readonly string[]): readonly Table[] {
  const { added, changed } = usesOf(statements);
  const all = new Set<string>([...added, ...changed]);
  for (const [table, others] of Object.entries(cascades)) if (all.has(table)) for (const each of others) all.add(each);
  // A row cannot be deleted while rows of these tables refer to it.
  if (all.has('projects')) for (const table of identityTables) all.add(table);
  return tables.filter((table) => all.has(table));
}

/** The tables that a step read, to which it only added rows, and in which it changed rows. */
export type Uses = {
  readonly read: ReadonlySet<string>;
  readonly added: ReadonlySet<string>;
  readonly changed: ReadonlySet<string>;
};

/** Returns how these statements use tables. */
export function usesOf(statements: readonly string[]): Uses {
  const uses = { read: new Set<string>(), added: new Set<string>(), changed: new Set<string>() };
  for (const statement of statements) {
    const into = statement.includes('on conflict') ? uses.changed : uses.added;
    for (const [, table = ''] of statement.matchAll(/\binsert into "?(\w+)"?/g)) into.add(table);
    for (const [, table = ''] of statement.matchAll(/\b(?:update|delete from) "?(\w+)"?/g)) uses.changed.add(table);
    for (const [, table = ''] of statement.matchAll(/\b(?:from|join) "?(\w+)"?/g)) uses.read.add(table);
  }
  return uses;
}

/** Whether the order of two steps with these uses of tables can matter. */
export function sharesTable(one: Uses, other: Uses): boolean {
  return isSeenBy(one, other) || isSeenBy(other, one);
}

/** Whether a step can see in a table what another has done. */
function isSeenBy(writer: Uses, reader: Uses): boolean {
  const all = [...reader.read, ...reader.added, ...reader.changed];
  return all.some((table) => writer.changed.has(table)) || [...reader.read].some((table) => writer.added.has(table));
}
