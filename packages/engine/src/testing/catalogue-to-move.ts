import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { type MoveOptions, moveCatalogue } from '../archive/move-catalogue.ts';
import { readTableShapes } from '../archive/table-shapes.ts';
import { sealOwnerOf } from '../catalogue/identity-records.ts';
import { SecretSeal } from '../identity/secret-seal.ts';
import { makeDataDirectory } from './data-directory.ts';
import { insertRowsOfSchema } from './rows-of-schema.ts';

/** A data directory with an empty catalogue, in a directory that is removed at the end. */
export type DirectoryToMove = Disposable & { readonly root: string; readonly directory: string };

export async function makeDirectoryToMove(): Promise<DirectoryToMove> {
  const root = await mkdtemp(join(tmpdir(), 'backup-sync-move-'));
  const directory = join(root, 'data');
  await makeDataDirectory(directory);
  return { root, directory, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

/** Changes the catalogue of the data directory with SQL. */
export function change(directory: string, work: (sqlite: DatabaseSync) => void): void {
  using sqlite = new DatabaseSync(join(directory, 'catalogue.sqlite'));
  work(sqlite);
}

/** Puts a row into each table, and the given number of operations. */
export async function fill(directory: string, operations = 0): Promise<void> {
  const seal = SecretSeal.open(null, directory, async () => []);
  const sealed = await seal.seal('whsec_secret', sealOwnerOf('hook-1'));
  change(directory, (sqlite) => {
    insertRowsOfSchema(sqlite);
    sqlite.exec(`INSERT INTO pending_events (project_id, operation_id, status, at_ms, noted_at_ms)
      VALUES ('project-1', 'operation-1', 'success', 1, 2)`);
    sqlite.prepare('UPDATE hooks SET sealed_secret = ?').run(sealed);
    sqlite.exec("UPDATE access_keys SET disabled_at_ms = 5 WHERE access_key = 'key-1'");
    sqlite.exec(`WITH RECURSIVE number (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < ${operations})
      INSERT INTO operations (id, project_id, kind, storage_unit_id, bucket_name, actor_kind, actor_name, request_id,
        status, message, reason_detail, created_at_ms, ended_at_ms, updated_at_ms, deadline_at_ms, epoch)
      SELECT 'many-' || value, 'project-1', 'scan', 'unit', 'bucket', 'user', 'ada', 'request', 'success', '', '', value,
        value, value, value, 1 FROM number WHERE ${operations} > 0`);
  });
}

/** Moves the catalogue of the data directory. */
export function move(directory: string, to: string, options: Partial<MoveOptions> = {}) {
  return moveCatalogue({
    ...{ from: directory, to, toFrom: '--to', archive: null, secretKey: null, command: null, release: '0.1.0' },
    ...{ signal: new AbortController().signal, onRows: () => {}, ...options },
  });
}

export type Tables = Readonly<Record<string, readonly unknown[]>>;

/** All rows of the data directory, by table. */
export async function tablesOfDirectory(directory: string): Promise<Tables> {
  using sqlite = new DatabaseSync(join(directory, 'catalogue.sqlite'), { readOnly: true });
  const shapes = await readTableShapes();
  return Object.fromEntries(
    shapes.map(({ name, key }) => [
      name,
      sqlite
        .prepare(`SELECT * FROM ${name} ORDER BY ${key}`)
        .all()
        .map((row) => ({ ...row })),
    ]),
  );
}

/** Connects to the database. The caller ends the connection. */
export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** The rows that a query of the database returns. */
export async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = await connect(url);
  try {
    const numeric = { getTypeParser: (oid: number) => (oid === 20 ? Number : pg.types.getTypeParser(oid)) };
    return (await client.query({ text, types: numeric as pg.CustomTypesConfig })).rows;
  } finally {
    await client.end();
  }
}

/** All rows of the database, by table. */
export async function tablesOfDatabase(url: string): Promise<Tables> {
  const tables: Record<string, readonly unknown[]> = {};
  for (const { name, key } of await readTableShapes()) {
    tables[name] = await query(url, `SELECT * FROM ${name} ORDER BY ${key}`);
  }
  return tables;
}
