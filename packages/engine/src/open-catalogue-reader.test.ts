import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findHolder, openCatalogueReader } from './open-catalogue-reader.ts';
import { openEmbeddedEngine } from './open-embedded-engine.ts';
import { operationEnd } from './testing/operation-end.ts';

let root: string;
let directory: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'backup-sync-reader-'));
  directory = join(root, 'data');
});
afterEach(() => rmSync(root, { recursive: true }));

const openEngine = () =>
  openEmbeddedEngine({ dataDirectory: directory, storage: `file:${root}`, onFault: () => {}, command: 'the test' });

type Filter = { readonly status?: ('waiting' | 'running')[] };

type Answering = Pick<Awaited<ReturnType<typeof openCatalogueReader>>, 'identity' | 'newId' | 'call'>;

async function statusesTo(reader: Answering, filter: Filter = {}): Promise<readonly string[]> {
  const caller = await reader.identity.operator('test', null);
  const input = { project_id: caller.projectId, ...filter };
  const { operations } = await reader.call('listOperations', { caller, requestId: reader.newId() }, input);
  return operations.map(({ status }) => status);
}

/** The statuses of all operations, as shown to a process that only reads. */
async function statuses(filter: Filter = {}): Promise<readonly string[]> {
  await using reader = await openCatalogueReader({ place: directory });
  return await statusesTo(reader, filter);
}

describe('a reader of the catalogue', () => {
  test('answers while another process works, does not block it, and shows the true status of operations', async () => {
    await using closed = await openEngine();
    await closed[Symbol.asyncDispose]();
    await using reader = await openCatalogueReader({ place: directory });
    await using engine = await openEngine();
    await expect(openEngine()).rejects.toThrow('is in use by this process (the test). Wait for it to end, or stop it.');

    const caller = await engine.identity.operator('test', null);
    const input = { project_id: caller.projectId, bucket_name: 'bucket' };
    const from = { caller, requestId: engine.newId() };
    const { operation_id } = await engine.call('startScan', from, input);
    await operationEnd(engine, caller, operation_id);
    expect(await statusesTo(reader)).toEqual(['failed']);
    using database = new DatabaseSync(join(directory, 'catalogue.sqlite'), { timeout: 10_000 });
    const run = () =>
      database.exec("UPDATE operations SET status = 'running', ended_at_ms = NULL, lease_owner = 'gone'");
    // A write in progress does not block a reader either.
    run();
    database.exec('BEGIN IMMEDIATE');
    expect(await statuses()).toEqual(['running']);
    database.exec('ROLLBACK');

    await engine[Symbol.asyncDispose]();
    // The state after a process was killed.
    run();
    expect(await statuses()).toEqual(['waiting']);
    expect(await statuses({ status: ['waiting'] })).toEqual(['waiting']);
    expect(await statuses({ status: ['running'] })).toEqual([]);
    const shown = database.prepare('SELECT status, lease_owner FROM operations').all();
    expect(shown.map((row) => ({ ...row }))).toEqual([{ status: 'running', lease_owner: 'gone' }]);
    await using asking = await openCatalogueReader({ place: directory });
    // Another process has resumed it since.
    database.exec("UPDATE operations SET lease_owner = 'another'");
    expect(await statusesTo(asking)).toEqual(['running']);
  });

  test('shows operations of another process as running, even if its process id is unknown here', async () => {
    await using engine = await openEngine();
    const caller = await engine.identity.operator('test', null);
    const from = { caller, requestId: engine.newId() };
    const input = { project_id: caller.projectId, bucket_name: 'bucket' };
    const { operation_id } = await engine.call('startScan', from, input);
    await operationEnd(engine, caller, operation_id);
    using database = new DatabaseSync(join(directory, 'catalogue.sqlite'), { timeout: 10_000 });
    database.exec("UPDATE operations SET status = 'running', ended_at_ms = NULL, lease_owner = 'it'");
    // A process in a container writes its id there, which differs from the id outside.
    writeFileSync(join(directory, 'backup-sync.pid'), `${2 ** 30}\nthe test\n`);
    expect(await statuses()).toEqual(['running']);
  });

  test('distinguishes a run that waits for imports from what a killed process left running', async () => {
    const engine = await openEngine();
    const caller = await engine.identity.operator('test', null);
    const from = { caller, requestId: engine.newId() };
    const scan = async (prefix: string) => {
      const input = { project_id: caller.projectId, bucket_name: 'bucket', prefix };
      const { operation_id } = await engine.call('startScan', from, input);
      await operationEnd(engine, caller, operation_id);
      return operation_id;
    };
    const [left, importing] = [await scan('a/'), await scan('b/')];
    await engine[Symbol.asyncDispose]();
    using database = new DatabaseSync(join(directory, 'catalogue.sqlite'), { timeout: 10_000 });
    database.exec("UPDATE operations SET status = 'running', ended_at_ms = NULL");
    database.prepare("UPDATE operations SET lease_owner = 'gone' WHERE id = ?").run(left);
    database.prepare('UPDATE operations SET listed_at_ms = 1 WHERE id = ?').run(importing);

    await using reader = await openCatalogueReader({ place: directory });
    const { operations } = await reader.call('listOperations', from, { project_id: caller.projectId });
    expect(operations.map(({ id, status, phase, started_at }) => [id, status, phase, started_at !== null])).toEqual([
      [importing, 'running', 'importing', true],
      [left, 'waiting', null, false],
    ]);
  });

  test('finds the process that uses the data directory without changing a file, which may be read-only', async () => {
    const engine = await openEngine();
    await engine[Symbol.asyncDispose]();
    // Left by a killed process, whose id now belongs to another program.
    writeFileSync(join(directory, 'backup-sync.pid'), `${process.pid}\nthe test\n`);
    const lock = join(directory, 'lock.sqlite');
    chmodSync(lock, 0o400);
    expect(findHolder(directory)).toBeNull();
    expect(statSync(lock).mode & 0o777).toBe(0o400);
  });

  test('hears of what another process does', async () => {
    await using engine = await openEngine();
    await using reader = await openCatalogueReader({ place: directory });
    const caller = await engine.identity.operator('test', null);
    const from = { caller, requestId: engine.newId() };
    const { pages } = await reader.watch(
      'watchOperations',
      { ...from, signal: new AbortController().signal },
      { project_id: caller.projectId },
    );
    const next = pages[Symbol.asyncIterator]().next();
    // The pages are read until they are at their end. Only then is there something new.
    await reader.call('listOperations', from, { project_id: caller.projectId });
    const { operation_id } = await engine.call(
      'startScan',
      { caller, requestId: engine.newId() },
      { project_id: caller.projectId, bucket_name: 'bucket' },
    );
    expect((await next).value[0]?.data.operation.id).toBe(operation_id);
  });

  test('does not create a missing catalogue', async () => {
    await expect(openCatalogueReader({ place: directory })).rejects.toMatchObject({
      name: 'NoCatalogueError',
      message: expect.stringContaining(`There is no catalogue in ${directory}.`),
    });
    expect(existsSync(directory)).toBe(false);
  });

  test.each([
    ['before it wrote anything', ''],
    [
      'before it created the tables',
      'PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA user_version = 0',
    ],
  ])('says how to finish a first start that was killed %s', async (_, sql) => {
    mkdirSync(directory);
    using database = new DatabaseSync(join(directory, 'catalogue.sqlite'));
    database.exec(sql);
    database.close();
    await expect(openCatalogueReader({ place: directory })).rejects.toMatchObject({
      name: 'DataDirectoryError',
      message: expect.stringContaining('Otherwise, start "backup-sync serve" or run a command that writes'),
    });
    await using engine = await openEngine();
    await engine[Symbol.asyncDispose]();
    expect(await statuses()).toEqual([]);
  });

  test('does not report an unreadable data directory as a missing catalogue', async () => {
    const loop = join(directory, 'loop');
    mkdirSync(directory);
    symlinkSync('loop', loop);
    await expect(openCatalogueReader({ place: loop })).rejects.toMatchObject({
      name: 'DataDirectoryError',
      message: expect.stringContaining(`The data directory ${loop} cannot be used: ELOOP`),
    });
  });
});
