import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeDatabaseOfSchema } from '../../testing/earlier-release.ts';
import { cannotMount, mountSmallDisk } from '../../testing/small-disk.ts';
import { makeAcceptance, makeItem } from '../fixtures-for-conformance.ts';
import { newestSchema } from '../migrate.ts';
import { openSqliteCatalogue, openSqliteCatalogueToRead } from './open-sqlite-catalogue.ts';

const projects = 3_000;
const pageBytes = 4096;

let root: string;
let directory: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'backup-sync-upgrade-'));
  directory = join(root, 'data');
  path = join(directory, 'catalogue.sqlite');
  mkdirSync(directory);
});
afterEach(() => rmSync(root, { recursive: true }));

/** Creates a data directory with some projects, as left by the release whose newest schema was this one. */
async function leaveOldCatalogue(schema: number): Promise<void> {
  using sqlite = await makeDatabaseOfSchema(path, schema);
  const insert = sqlite.prepare('INSERT INTO projects (id, name, created_at_ms) VALUES (?, ?, 0)');
  sqlite.exec('BEGIN');
  for (let number = 0; number < projects; number += 1) insert.run(`project-${number}`, `name ${number}`.padEnd(300));
  sqlite.exec('COMMIT');
}

/** Returns the properties and content of a database: a catalogue or the copy of one. */
function lookAt(database: string) {
  using sqlite = new DatabaseSync(database, { readOnly: true });
  const ask = (sql: string) => Object.values(sqlite.prepare(sql).get() ?? {})[0];
  const isNew = ask("SELECT count(*) FROM sqlite_schema WHERE name = 'kysely_migration'") === 1;
  return {
    schema: isNew ? ask('SELECT count(*) FROM kysely_migration') : ask('SELECT max(number) FROM schema_migrations'),
    projects: ask('SELECT count(*) FROM projects'),
    autoVacuum: ask('PRAGMA auto_vacuum'),
    integrity: ask('PRAGMA integrity_check'),
  };
}

/** Returns the number of the first page of each index. */
function rootPages(...indexes: readonly string[]): number[] {
  using sqlite = new DatabaseSync(path, { readOnly: true });
  const find = sqlite.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?');
  return indexes.map((name) => Number(find.get(name)?.rootpage));
}

const filesOf = () => readdirSync(directory).toSorted();

test('an old catalogue is migrated after one verified copy for its owner, and can release space then', async () => {
  const older = newestSchema - 1;
  await leaveOldCatalogue(older);
  const left = [
    'catalogue.schema-5.sqlite',
    'catalogue.schema-6.sqlite.partial',
    'catalogue.schema-6.sqlite.partial-journal',
    'catalogue.schema-6.sqlite.partial-wal',
  ];
  for (const name of left) writeFileSync(join(directory, name), 'of an upgrade before');
  await using catalogue = await openSqliteCatalogue({ directory });
  await catalogue.operations.accept(makeAcceptance('project-1', [makeItem('a')]));
  const copy = `catalogue.schema-${older}.sqlite`;
  expect(filesOf().filter((name) => name.includes('schema'))).toEqual([copy]);
  expect(statSync(join(directory, copy)).mode & 0o777).toBe(0o600);
  expect(lookAt(join(directory, copy))).toMatchObject({ schema: older, projects, integrity: 'ok' });
  const incremental = 2;
  expect(lookAt(path)).toEqual({ schema: newestSchema, projects, autoVacuum: incremental, integrity: 'ok' });
});

test('the copy of an upgrade can be restored, and commands that only read can open it', async () => {
  await leaveOldCatalogue(newestSchema - 1);
  {
    await using _opened = await openSqliteCatalogue({ directory });
  }
  rmSync(path);
  renameSync(join(directory, `catalogue.schema-${newestSchema - 1}.sqlite`), path);
  await expect(openSqliteCatalogueToRead(directory)).rejects.toMatchObject({ name: 'OlderSchemaError' });
  expect(filesOf()).toEqual(['catalogue.sqlite', 'lock.sqlite']);
});

test.each([
  ['while the copy is made', `catalogue.schema-${newestSchema - 1}.sqlite.partial`],
  ['once the copy is complete', `catalogue.schema-${newestSchema - 1}.sqlite`],
])('an upgrade that is killed %s starts again, and nothing is lost', async (_, sign) => {
  await leaveOldCatalogue(newestSchema - 1);
  const module = JSON.stringify(new URL('./open-sqlite-catalogue.ts', import.meta.url).href);
  const script = `const { openSqliteCatalogue } = await import(${module});
    await openSqliteCatalogue({ directory: process.argv[1] });`;
  const child = spawn(
    process.execPath,
    ['--conditions=@backup-sync/source', '--input-type=module', '--eval', script, directory],
    { stdio: 'inherit' },
  );
  const ended = once(child, 'exit');
  while (!filesOf().includes(sign) && child.exitCode === null) await setImmediate();
  child.kill('SIGKILL');
  await ended;
  await using _opened = await openSqliteCatalogue({ directory });
  expect(lookAt(path)).toEqual({ schema: newestSchema, projects, autoVacuum: 2, integrity: 'ok' });
  expect(filesOf().filter((name) => name.endsWith('.partial'))).toEqual([]);
});

test('calls under way when an older release was killed are listed as interrupted, with their callers', async () => {
  await leaveOldCatalogue(17);
  const call = {
    projectId: 'project-1',
    actor: { kind: 'user', name: 'ada' },
    operation: 'createUser',
    subjects: [
      { field: 'name', value: 'bob' },
      { field: 'role', value: 'reader' },
    ],
    door: 'rest',
    address: '10.0.0.1',
    requestId: 'request-1',
    atMs: 1_000,
  } as const;
  const revoking = { ...call, operation: 'revokeToken', subjects: [], address: null, atMs: 2_000 } as const;
  {
    using sqlite = new DatabaseSync(path);
    const insert = sqlite.prepare('INSERT INTO audit_intents (id, call) VALUES (?, ?)');
    insert.run('0002', JSON.stringify(revoking));
    insert.run('0001', JSON.stringify(call));
  }
  await using catalogue = await openSqliteCatalogue({ directory });
  const interrupted = { id: expect.any(String), outcome: 'interrupted', errorCode: null };
  expect(await catalogue.audit.listAuditEvents({ limit: 10 })).toEqual({
    events: [
      { ...revoking, ...interrupted },
      { ...call, ...interrupted },
    ],
    count: 2,
  });
  expect((await catalogue.audit.listAuditEvents({ limit: 10, subject: 'bob' })).count).toBe(1);
});

test('a new catalogue can release space from the start, and leaves no copy', async () => {
  await using _opened = await openSqliteCatalogue({ directory });
  expect(lookAt(path)).toMatchObject({ schema: newestSchema, autoVacuum: 2 });
  expect(filesOf().filter((name) => name.includes('schema'))).toEqual([]);
});

test.each([true, false])(
  'a command that may not migrate fails with what to do, and changes nothing (in place: %s)',
  async (inPlace) => {
    await leaveOldCatalogue(newestSchema - 1);
    const before = lookAt(path);
    await expect(openSqliteCatalogue({ directory, inPlace, mayMigrate: false })).rejects.toMatchObject({
      name: 'OlderSchemaError',
      message: expect.stringMatching(`schema ${newestSchema - 1}; this release needs schema ${newestSchema}.*serve`),
    });
    expect(lookAt(path)).toEqual(before);
    expect(filesOf().filter((name) => name.includes('schema'))).toEqual([]);
  },
);

test('a damaged catalogue is not migrated, and no copy of it is kept', async () => {
  await leaveOldCatalogue(newestSchema - 1);
  // One index gets the pages of another, and so contradicts its table.
  const [ids, names] = rootPages('sqlite_autoindex_projects_1', 'sqlite_autoindex_projects_2');
  const bytes = readFileSync(path);
  bytes.copyWithin(((names ?? 0) - 1) * pageBytes, ((ids ?? 0) - 1) * pageBytes, (ids ?? 0) * pageBytes);
  writeFileSync(path, bytes);
  await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject({ name: 'DataDirectoryError' });
  expect(filesOf().filter((name) => name.includes('schema'))).toEqual([]);
});

test('without space for copy and compaction an upgrade does not start, and says how much it needs', async ({
  skip,
}) => {
  await using disk = await mountSmallDisk(12);
  if (disk === null) return skip(cannotMount);
  directory = join(disk.path, 'data');
  path = join(directory, 'catalogue.sqlite');
  mkdirSync(directory);
  await leaveOldCatalogue(newestSchema - 1);
  const before = lookAt(path);
  await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject({
    name: 'DataDirectoryError',
    message: expect.stringMatching(/needs \d+ MiB of free space on its disk, and \d+ MiB is free\. Free space/),
  });
  expect(lookAt(path)).toEqual(before);
  expect(filesOf().filter((name) => name.includes('schema'))).toEqual([]);
});

test('a new catalogue without disk space is called full at any point, and can be created once there is space', async ({
  skip,
}) => {
  const diskKiB = 4096;
  await using disk = await mountSmallDisk(diskKiB / 1024);
  if (disk === null) return skip(cannotMount);
  const full = { name: 'CatalogueFullError', message: expect.stringContaining('is full. Free space on it.') };
  for (const roomKiB of [32, 64, 256]) {
    directory = join(disk.path, `room-${roomKiB}`);
    mkdirSync(directory);
    const filler = join(disk.path, 'filler');
    writeFileSync(filler, Buffer.alloc((diskKiB - roomKiB) * 1024));
    await expect(openSqliteCatalogue({ directory, inPlace: true }), `${roomKiB} KiB`).rejects.toMatchObject(full);
    rmSync(filler);
    {
      await using _opened = await openSqliteCatalogue({ directory, inPlace: true });
      expect(filesOf().filter((name) => name.includes('schema'))).toEqual([]);
    }
    rmSync(directory, { recursive: true });
  }
});
