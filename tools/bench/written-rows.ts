import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { openConnectionPool } from '../../packages/engine/src/catalogue/postgres/connection-pool.ts';
import { connect } from '../../packages/engine/src/catalogue/sqlite/connection.ts';
import { openSqliteCatalogue } from '../../packages/engine/src/catalogue/sqlite/open-sqlite-catalogue.ts';

/** Tables that acceptance writes, in the order in which a row may refer to another. */
const tables = ['operations', 'operation_events', 'audit_events', 'audit_subjects'] as const;
const itemsOfTransaction = 50;

type Row = Readonly<Record<string, SQLInputValue>>;
type Rows = ReadonlyMap<string, readonly Row[]>;

/** Reads what acceptance has written into the catalogue of a data directory. */
export function readSqliteRows(dataDirectory: string): Rows {
  const database = new DatabaseSync(join(dataDirectory, 'catalogue.sqlite'), { readOnly: true });
  try {
    return new Map(tables.map((table) => [table, database.prepare(`select * from ${table}`).all() as Row[]]));
  } finally {
    database.close();
  }
}

/**
 * Writes these rows into a fresh catalogue: prepared statements, 50 operations a transaction with the rows that belong
 * to them, each transaction on disk before the next. Returns operations a second.
 */
export async function insertIntoSqlite(dataDirectory: string, rows: Rows): Promise<number> {
  const catalogue = await openSqliteCatalogue({ directory: dataDirectory, inPlace: true });
  await catalogue[Symbol.asyncDispose]();
  // The catalogue's own connection, so that this is what the rows cost and not the settings.
  const { sqlite: database } = connect(join(dataDirectory, 'catalogue.sqlite'), 'write');
  try {
    const batches = batchesOf(rows);
    const inserts = new Map<string, StatementSync>();
    const startedAtMs = performance.now();
    for (const batch of batches) {
      database.exec('BEGIN IMMEDIATE');
      for (const [table, some] of batch) {
        for (const row of some) {
          const columns = Object.keys(row);
          const text = `insert into ${table} (${columns}) values (${columns.map(() => '?')})`;
          const insert = inserts.get(table) ?? database.prepare(text);
          inserts.set(table, insert);
          insert.run(...Object.values(row));
        }
      }
      database.exec('COMMIT');
    }
    return perSecond(rows, startedAtMs);
  } finally {
    database.close();
  }
}

/** Reads what acceptance has written into a PostgreSQL database, with the jobs. */
export async function readPostgresRows(url: string): Promise<Rows> {
  await using connection = openConnectionPool(url, 1);
  const found = new Map<string, readonly Row[]>();
  for (const table of [...tables, 'pgboss.job_common']) {
    const { rows } = await connection.pool.query<{ row: Row }>(`select to_json(t) as row from ${table} as t`);
    found.set(
      table,
      rows.map(({ row }) => row),
    );
  }
  return found;
}

/**
 * Writes these rows into a migrated PostgreSQL database: 50 operations a transaction with the rows that belong to them,
 * one statement a table, over this many connections at once. Returns operations a second.
 */
export async function insertIntoPostgres(url: string, rows: Rows, connections: number): Promise<number> {
  await using opened = openConnectionPool(url, connections);
  const batches = batchesOf(rows);
  let next = 0;
  const work = async () => {
    const client = await opened.pool.connect();
    while (next < batches.length) {
      const batch = batches[next] ?? new Map();
      next += 1;
      await client.query('begin');
      for (const [table, some] of batch) {
        if (some.length === 0) continue;
        await client.query({
          name: table,
          text: `insert into ${table} select * from json_populate_recordset(null::${table}, $1::json)`,
          values: [JSON.stringify(some)],
        });
      }
      await client.query('commit');
    }
    client.release();
  };
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: connections }, work));
  return perSecond(rows, startedAtMs);
}

function perSecond(rows: Rows, startedAtMs: number): number {
  return ((rows.get('operations')?.length ?? 0) / (performance.now() - startedAtMs)) * 1000;
}

/** Divides rows into as many equal parts as there are transactions, in the order in which they were written. */
function batchesOf(rows: Rows): readonly Rows[] {
  const count = Math.ceil((rows.get('operations')?.length ?? 0) / itemsOfTransaction);
  const audited = rows.get('audit_events') ?? [];
  return Array.from({ length: count }, (_, index) => {
    const part = (some: readonly Row[]) =>
      some.slice(Math.floor((index * some.length) / count), Math.floor(((index + 1) * some.length) / count));
    const events = new Set(part(audited).map(({ id }) => id));
    return new Map(
      [...rows].map(([table, all]) => [
        table,
        table === 'audit_subjects' ? all.filter(({ event_id }) => events.has(event_id ?? '')) : part(all),
      ]),
    );
  });
}
