import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate, newestSchema } from '../catalogue/migrate.ts';
import type { Schema } from '../catalogue/schema.ts';
import { nodeSqliteDialect } from '../catalogue/sqlite/node-sqlite-dialect.ts';
import { insertRowsOfSchema } from '../testing/rows-of-schema.ts';
import { findLoad, finishLoad, loadArchive, verifyLoad } from './load-archive.ts';
import { readArchive } from './read-archive.ts';
import { summarize } from './read-rows.ts';
import { readTableShapes } from './table-shapes.ts';
import { writeArchive } from './write-archive.ts';

const shapes = await readTableShapes();
const signal = new AbortController().signal;
const noKey = { release: '0.1.0', secretKey: null, storageUnit: null };

let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'backup-sync-archive-'));
  path = join(root, 'catalogue.gz');
});
afterEach(() => rmSync(root, { recursive: true }));

type TestCatalogue = Disposable & { readonly sqlite: DatabaseSync; readonly database: Kysely<Schema> };

async function newCatalogue(): Promise<TestCatalogue> {
  const sqlite = new DatabaseSync(':memory:');
  const database = new Kysely<Schema>({ dialect: nodeSqliteDialect(sqlite) });
  await migrate(database);
  return { sqlite, database, [Symbol.dispose]: () => sqlite.close() };
}

async function filledCatalogue(): Promise<TestCatalogue> {
  const catalogue = await newCatalogue();
  insertRowsOfSchema(catalogue.sqlite);
  return catalogue;
}

async function write({ database }: TestCatalogue, id = 'archive-1'): Promise<void> {
  await writeArchive({
    ...{ database, path, replace: true, id, createdAtMs: 1_000, ...noKey, signal, onRows: () => {} },
  });
}

async function load({ database }: TestCatalogue): Promise<void> {
  await loadArchive({ database, path, nowMs: () => 2_000, signal, onRows: () => {} });
}

/** The lines of the archive. */
function linesOf(): string[] {
  return gunzipSync(readFileSync(path)).toString().trimEnd().split('\n');
}

function rewrite(lines: readonly string[]): void {
  writeFileSync(path, gzipSync(lines.map((line) => `${line}\n`).join('')));
}

/** The digests of the archive if all of it is valid; else the message of its error, without the path. */
async function outcome(): Promise<string> {
  const digests: string[] = [];
  try {
    for await (const part of readArchive(path, shapes)) if (part.kind === 'end') digests.push(part.summary.sha256);
    return digests.join();
  } catch (error) {
    const { name, message } = error as Error;
    expect(name).toBe('ArchiveError');
    return message.replace(`The archive ${path} cannot be used: `, '');
  }
}

test('an archive has the lines that its documentation describes, and only its owner can read it', async () => {
  using catalogue = await filledCatalogue();
  await write(catalogue);
  const lines = linesOf();
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    format: 'backup-sync-catalogue',
    version: 1,
    id: 'archive-1',
    created_at_ms: 1_000,
    schema: newestSchema,
    release: '0.1.0',
    sealed_secrets: true,
    secret_key: null,
    storage_unit: null,
  });
  const at = lines.indexOf('{"table":"projects","columns":["id","name","created_at_ms"]}');
  expect(lines.slice(at + 1, at + 3)).toEqual([
    '["project-1","the project",1000]',
    expect.stringMatching(/^\{"end":"projects","rows":1,"sha256":"[0-9a-f]{64}"\}$/),
  ]);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ end_of_archive: true, tables: shapes.length });
  const { mode } = statSync(path);
  expect(mode & 0o777).toBe(0o600);
});

test('a table comes after those that it refers to, and none is missing', async () => {
  using catalogue = await newCatalogue();
  const names = shapes.map(({ name }) => name);
  const all = catalogue.sqlite.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const aboutTheDatabase = [
    'archive_loads',
    'bucket_budgets',
    'call_limits',
    'guess_limits',
    'kysely_migration',
    'kysely_migration_lock',
    'nodes',
    'row_counts',
    'schema_migrations',
    'schema_version',
    'sqlite_sequence',
  ];
  expect(all.map(({ name }) => name).toSorted()).toEqual([...names, ...aboutTheDatabase].toSorted());
  expect(names.indexOf('users')).toBeLessThan(names.indexOf('access_keys'));
  expect(names.indexOf('audit_events')).toBeLessThan(names.indexOf('audit_subjects'));
});

test('any text and number comes back as it was', async () => {
  using catalogue = await filledCatalogue();
  const texts = ['a\0b', '"\\\'', '🗄️', '\u2028\u2029', '\r\n\t\u001b', '', '\ufeff', 'A\u0308', '{"a":"\\u0000"}', ' '];
  const insert = catalogue.sqlite.prepare('INSERT INTO projects (id, name, created_at_ms) VALUES (?, ?, ?)');
  const numbers = [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  for (const [index, text] of texts.entries()) insert.run(text, text, numbers[index % numbers.length] ?? 0);
  catalogue.sqlite.exec('UPDATE sources SET removal_share = 0.1 + 0.2');
  await write(catalogue);
  using loaded = await newCatalogue();
  await load(loaded);
  for (const { name, key } of shapes) {
    const all = `SELECT * FROM ${name} ORDER BY ${key}`;
    expect(loaded.sqlite.prepare(all).all()).toEqual(catalogue.sqlite.prepare(all).all());
  }
});

test('a loaded catalogue has operations that wait and numbers that continue', async () => {
  using catalogue = await filledCatalogue();
  catalogue.sqlite.exec(
    `UPDATE operations SET sequence = 41, status = 'running', ended_at_ms = NULL, lease_owner = 'a'`,
  );
  await write(catalogue);
  using loaded = await newCatalogue();
  await load(loaded);
  const summaries = await Promise.all(shapes.map((shape) => summarize(catalogue.database, shape, () => {})));
  await verifyLoad({ database: loaded.database, signal, onRows: () => {} }, summaries);
  expect(await findLoad(loaded.database, 'archive-1')).toBe('begun');
  const released: unknown[] = [];
  const numbered: string[] = [];
  await finishLoad(
    loaded.database,
    3_000,
    async (_transaction, table, column) => {
      numbered.push(`${table}.${column}`);
    },
    async (_transaction, due) => {
      released.push(...due);
    },
  );
  expect(await findLoad(loaded.database, 'archive-1')).toBe('finished');
  expect(numbered.toSorted()).toEqual(['operations.sequence', 'pending_events.id']);
  const operations = loaded.sqlite.prepare('SELECT sequence, status, lease_owner FROM operations').all();
  expect(operations).toMatchObject([{ sequence: 41, status: 'waiting', lease_owner: null }]);
});

describe('an archive is refused', () => {
  beforeEach(async () => {
    using catalogue = await filledCatalogue();
    await write(catalogue);
  });

  test('wherever it is cut off', async () => {
    const bytes = readFileSync(path);
    for (let length = 0; length < bytes.length; length += 23) {
      writeFileSync(path, bytes.subarray(0, length));
      expect(await outcome()).toMatch(/^it (is cut off after|ends after) line \d+/);
    }
  });

  test('if a byte was changed, unless the content is the same', async () => {
    const whole = await outcome();
    const bytes = readFileSync(path);
    const places = [...bytes.keys()].filter((at) => at < 12 || at % 4 === 0 || at > bytes.length - 10);
    for (const at of places) {
      writeFileSync(path, bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8))));
      const found = await outcome();
      if (found !== whole) expect(found).toMatch(/^(it|its|line \d+:) /);
    }
  });

  const isRow = (line: string) => line.startsWith('[');
  const changes: readonly (readonly [what: string, change: (lines: string[]) => string[], message: RegExp])[] = [
    ['without its last line', (lines) => lines.slice(0, -1), /^it ends after line \d+, before its last line\.$/],
    ['with a line after its last', (lines) => [...lines, '[]'], /^it continues after its last line, line \d+\.$/],
    [
      'with a row too few',
      (lines) => lines.toSpliced(lines.findIndex(isRow), 1),
      /^line \d+: the table \w+ has 0 rows, but its end says 1\.$/,
    ],
    [
      'with a row too many',
      (lines) => lines.toSpliced(lines.findIndex(isRow), 0, lines.find(isRow) ?? ''),
      /^line \d+: the table \w+ has 2 rows, but its end says 1\.$/,
    ],
    [
      'with another value in a row',
      (lines) => lines.map((line) => line.replace('the project', 'a project')),
      /^line \d+: the rows of the table projects do not have the SHA-256 that its end says\.$/,
    ],
    [
      'without a table',
      (lines) =>
        lines.toSpliced(
          lines.findIndex((line) => line.includes('"table":"tokens"')),
          3,
        ),
      /^line \d+: it is not the beginning of the table tokens with the columns of this release\.$/,
    ],
    [
      'with another header',
      (lines) => lines.map((line) => line.replace('archive-1', 'archive-2')),
      /^line \d+: it does not agree with the lines before it: they were changed\.$/,
    ],
    [
      'with a number in the place of a text',
      (lines) => lines.map((line) => line.replace('"the project"', '7')),
      /^line \d+: row 1 of the table projects is not valid: name is not text\.$/,
    ],
    [
      'with a number that is too large',
      (lines) => lines.map((line) => line.replace('"the project",1000', '"the project",9007199254740993')),
      /^line \d+: row 1 of the table projects is not valid: created_at_ms is not an integer of at most 53 bits\.$/,
    ],
    [
      'with half of a surrogate pair',
      (lines) => lines.map((line) => line.replace('"the project"', '"\\ud800"')),
      /^line \d+: row 1 of the table projects is not valid: name has half of a surrogate pair, which no database stores\.$/,
    ],
    [
      'of another version',
      (lines) => lines.map((line) => line.replace('"version":1', '"version":2')),
      /^its format has version 2; this release reads version 1\.$/,
    ],
    [
      'of another schema',
      (lines) => lines.map((line) => line.replace(`"schema":${newestSchema}`, '"schema":7')),
      /^its catalogue has schema 7; this release reads archives of schema \d+\. Load it with/,
    ],
    ['of something else', () => ['{"name":"a file"}'], /^it is not an archive of a catalogue\.$/],
  ];
  test.each(changes)('%s', async (_what, change, message) => {
    const whole = await outcome();
    rewrite(linesOf());
    expect(await outcome()).toBe(whole);
    rewrite(change(linesOf()));
    expect(await outcome()).toMatch(message);
  });

  test('if it is not there or not compressed', async () => {
    writeFileSync(path, 'plain text');
    expect(await outcome()).toBe('it is not a gzip file.');
    rmSync(path);
    expect(await outcome()).toBe('it cannot be read (ENOENT).');
  });

  test('by a catalogue that has other rows, or was loaded from another archive', async () => {
    using full = await filledCatalogue();
    await expect(load(full)).rejects.toMatchObject({ name: 'CatalogueNotEmptyError' });
    using loaded = await newCatalogue();
    await load(loaded);
    await write(full, 'archive-2');
    await expect(load(loaded)).rejects.toMatchObject({ message: expect.stringContaining('from another archive') });
  });
});

test('an archive that was not completed leaves nothing at its path', async () => {
  using catalogue = await filledCatalogue();
  writeFileSync(path, 'an older archive');
  const stopping = new AbortController();
  const { database } = catalogue;
  const writing = writeArchive({
    ...{ database, path, replace: true, id: 'archive-1', createdAtMs: 1, ...noKey, signal: stopping.signal },
    onRows: () => stopping.abort(),
  });
  await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
  expect(readFileSync(path, 'utf8')).toBe('an older archive');
});
