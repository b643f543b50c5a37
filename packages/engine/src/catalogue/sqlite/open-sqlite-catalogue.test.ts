import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
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
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallEvent } from '../audit-records.ts';
import { acceptedIds, makeAcceptance, makeItem, operationFilter } from '../fixtures-for-conformance.ts';
import { openSqliteCatalogue } from './open-sqlite-catalogue.ts';
import { StepThread } from './step-thread.ts';

let root: string;
let directory: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'backup-sync-catalogue-'));
  directory = join(root, 'data');
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(root, { recursive: true });
});

/** Starts a process that opens the catalogue of the directory and then runs `work` with it. */
function startProcess(work: string): { readonly child: ChildProcess; readonly lines: AsyncIterableIterator<string> } {
  const source = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const script = `
    import { openSqliteCatalogue } from ${source('./open-sqlite-catalogue.ts')};
    import { acceptedIds, makeAcceptance, makeItem } from ${source('../fixtures-for-conformance.ts')};
    const catalogue = await openSqliteCatalogue({ directory: process.argv[1] });
    process.stdin.resume();
    ${work}`;
  const child = spawn(
    process.execPath,
    ['--conditions=@backup-sync/source', '--input-type=module', '--eval', script, directory],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  children.push(child);
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

describe('the data directory', () => {
  test('is accessible only to its owner, with everything in it', async () => {
    await using _opened = await openSqliteCatalogue({ directory });
    const modes = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mode & 0o777]);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(modes.length).toBeGreaterThan(3);
    expect(modes.filter(([, mode]) => mode !== 0o600)).toEqual([]);
  });

  test('cannot be a directory with other files, which stays accessible to its users', async () => {
    mkdirSync(directory, { mode: 0o755 });
    writeFileSync(join(directory, 'letter.txt'), 'dear reader');
    await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject({
      name: 'DataDirectoryError',
      message: expect.stringContaining('contains other files'),
    });
    expect(statSync(directory).mode & 0o777).toBe(0o755);
    expect(readdirSync(directory)).toEqual(['letter.txt']);
  });

  test('is named with the error of the file system if it cannot be created', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(openSqliteCatalogue({ directory: join(root, 'file', 'data') })).rejects.toMatchObject({
      name: 'DataDirectoryError',
      message: expect.stringContaining('ENOTDIR'),
    });
  });

  test('cannot be opened twice by one process, but can be opened again once it is closed', async () => {
    const first = await openSqliteCatalogue({ directory });
    const refusal = { name: 'DataDirectoryInUseError', pid: process.pid };
    await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject(refusal);
    await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject(refusal);
    await first.upkeep.ping();
    await first[Symbol.asyncDispose]();
    await using second = await openSqliteCatalogue({ directory });
    await second.upkeep.ping();
  });

  test('cannot be opened while another process holds it, but can be once that is gone, however it ended', async () => {
    const { child, lines } = startProcess("console.log('open');");
    await lines.next();
    await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject({
      name: 'DataDirectoryInUseError',
      pid: child.pid,
      message: expect.stringContaining(`process ${child.pid}`),
    });
    await kill(child);
    await using catalogue = await openSqliteCatalogue({ directory });
    await catalogue.upkeep.ping();
  });

  test('cannot be opened while its holder runs, even if the lock file is removed', async () => {
    const { child, lines } = startProcess("console.log('open');");
    await lines.next();
    rmSync(join(directory, 'lock.sqlite'));
    const refusal = { name: 'DataDirectoryInUseError', pid: child.pid };
    await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject(refusal);
    await kill(child);
    await using catalogue = await openSqliteCatalogue({ directory });
    await catalogue.upkeep.ping();
  });

  test('contains only the database and the empty lock after it is closed', async () => {
    const catalogue = await openSqliteCatalogue({ directory });
    await catalogue[Symbol.asyncDispose]();
    expect(readdirSync(directory).toSorted()).toEqual(['catalogue.sqlite', 'lock.sqlite']);
  });

  test('is refused if only its database was removed, and keeps its WAL until the database is back', async () => {
    await using other = await openSqliteCatalogue({ directory });
    await other.operations.accept(makeAcceptance('project-1', [makeItem('a')]));
    // The files as a server leaves them if someone removed the database from its directory.
    const torn = join(root, 'torn');
    mkdirSync(torn);
    for (const name of ['catalogue.sqlite', 'catalogue.sqlite-wal', 'lock.sqlite']) {
      cpSync(join(directory, name), join(torn, name));
    }
    renameSync(join(torn, 'catalogue.sqlite'), join(root, 'away.sqlite'));
    await expect(openSqliteCatalogue({ directory: torn })).rejects.toMatchObject({
      name: 'DataDirectoryError',
      message: expect.stringMatching(/catalogue\.sqlite is missing.*Put it back/),
    });
    renameSync(join(root, 'away.sqlite'), join(torn, 'catalogue.sqlite'));
    await using catalogue = await openSqliteCatalogue({ directory: torn });
    expect(await catalogue.operations.listOperationLogs(operationFilter('project-1'))).toMatchObject({ count: 1 });
  });

  test('is refused if a newer release wrote it, and then not held', async () => {
    mkdirSync(directory);
    const database = new DatabaseSync(join(directory, 'catalogue.sqlite'));
    database.exec('CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)');
    database.exec("INSERT INTO schema_migrations VALUES (99, 'from-the-future')");
    database.close();
    for (const _ of [1, 2]) {
      await expect(openSqliteCatalogue({ directory })).rejects.toMatchObject({
        name: 'NewerSchemaError',
        message: expect.stringContaining('schema 99'),
      });
    }
  });

  test('is refused if its database file is not a database, and left unchanged', async () => {
    mkdirSync(directory);
    const content = 'not a database, whatever its name says\n'.repeat(200);
    writeFileSync(join(directory, 'catalogue.sqlite'), content);
    await expect(openSqliteCatalogue({ directory })).rejects.toThrow('file is not a database');
    expect(readFileSync(join(directory, 'catalogue.sqlite'), 'utf8')).toBe(content);
  });
});

describe('a write that was answered', () => {
  test('is still there after kill -9', async () => {
    const { child, lines } = startProcess(`
      for (let batch = 0; ; batch += 1) {
        const items = [makeItem('a' + batch), makeItem('b' + batch)];
        console.log((await acceptedIds(catalogue, makeAcceptance('project-1', items))).join());
      }`);
    const answered: string[] = [];
    while (answered.length < 100) answered.push(...String((await lines.next()).value).split(','));
    await kill(child);

    await using catalogue = await openSqliteCatalogue({ directory });
    const page = await catalogue.operations.listOperationLogs(operationFilter('project-1'));
    const kept = new Set(page === 'marker_not_found' ? [] : page.rows.map(({ id }) => id));
    expect(answered.filter((id) => !kept.has(id))).toEqual([]);
    expect(kept.size % 2).toBe(0);
    expect(await catalogue.operations.releaseOperations(null, 2_000)).toHaveLength(1);
  });

  test('is still there after an orderly end, with the writes that were queued', async () => {
    const catalogue = await openSqliteCatalogue({ directory });
    const queued = Array.from({ length: 300 }, (_, index) =>
      acceptedIds(catalogue, makeAcceptance('project-1', [makeItem(`backup-${index}`)])),
    );
    await Promise.all([catalogue[Symbol.asyncDispose](), catalogue[Symbol.asyncDispose]()]);
    const ids = (await Promise.all(queued)).flat();

    await using again = await openSqliteCatalogue({ directory });
    const page = await again.operations.listOperationLogs(operationFilter('project-1'));
    expect(page).toMatchObject({ count: 300 });
    expect(await again.operations.showOperation('project-1', ids[299] ?? '')).not.toBeNull();
  });
});

describe('the threads', () => {
  test('report only the failed step of a group as failed', async () => {
    await using catalogue = await openSqliteCatalogue({ directory });
    const acceptances = Array.from({ length: 9 }, (_, index) =>
      makeAcceptance('project-1', [makeItem(`backup-${index}`)]),
    );
    const clashing = makeAcceptance('project-1', [makeItem('other')]);
    const takenId = acceptances[3]?.items[0]?.id ?? '';
    const group = acceptances.toSpliced(5, 0, {
      ...clashing,
      items: clashing.items.map((each) => ({ ...each, id: takenId })),
    });

    const outcomes = await Promise.allSettled(group.map((acceptance) => acceptedIds(catalogue, acceptance)));
    expect(outcomes.map(({ status }) => status)).toEqual(group.map((_, at) => (at === 5 ? 'rejected' : 'fulfilled')));
    expect(outcomes[5]).toMatchObject({ reason: { message: expect.stringMatching(/UNIQUE.*operations\.id/) } });
    expect(await catalogue.operations.listOperationLogs(operationFilter('project-1'))).toMatchObject({ count: 9 });
  });

  test('make the change of a call before the writes of work that were requested earlier, but not all of them', async () => {
    await using catalogue = await openSqliteCatalogue({ directory });
    const answered: string[] = [];
    const note = (name: string) => () => void answered.push(name);
    const event: CallEvent = {
      id: 'event-1',
      atMs: 1_000,
      projectId: 'project-1',
      actor: { kind: 'user', name: 'ada' },
      operation: 'syncBackups',
      subjects: [],
      door: 'rest',
      address: '10.0.0.1',
      requestId: 'request-1',
    };
    const accept = (index: number) =>
      catalogue.change(
        { ...event, id: `event-${index}` },
        'accept',
        makeAcceptance('project-1', [makeItem(`call-${index}`)]),
      );
    // More than share a commit.
    const work = Array.from({ length: 300 }, () => catalogue.upkeep.touch().then(note('work')));
    const calls = Array.from({ length: 300 }, (_, index) => accept(index).then(note('call')));
    await Promise.all([...work, ...calls]);
    const order = answered.filter((name, index) => name !== answered[index - 1]);
    expect(order).toEqual(['call', 'work', 'call', 'work']);
  });

  test('answer reads and the lookup of a token while a long write runs', async () => {
    await using catalogue = await openSqliteCatalogue({ directory });
    const ended: string[] = [];
    const items = Array.from({ length: 20_000 }, (_, index) => makeItem(`backup-${index}`));
    const write = acceptedIds(catalogue, makeAcceptance('project-1', items)).then(() => ended.push('write'));
    const reads = [1, 2, 3].map((read) =>
      catalogue.backups.showBackup('project-1', 'a').then(() => ended.push(`${read}`)),
    );
    const token = catalogue.identity.findToken('unknown', 1_000).then(() => ended.push('token'));
    await Promise.all([write, ...reads, token]);
    expect(ended.filter((each) => each !== 'token')).toEqual(['1', '2', '3', 'write']);
    expect(ended.at(-1)).toBe('write');
  });

  test('answer short reads while long ones are queued', async () => {
    await using catalogue = await openSqliteCatalogue({ directory });
    const items = Array.from({ length: 2_000 }, (_, index) => makeItem(`backup-${index}`));
    const { ids } = await catalogue.operations.accept(makeAcceptance('project-1', items));
    const [id = ''] = ids;
    const ended: string[] = [];
    const long = Array.from({ length: 20 }, () =>
      catalogue.operations.listOperationLogs(operationFilter('project-1')).then(() => ended.push('long')),
    );
    const short = [
      catalogue.operations.showOperation('project-1', id).then(() => ended.push('operation')),
      catalogue.identity.findToken('unknown', 1_000).then(() => ended.push('token')),
    ];
    await Promise.all([...long, ...short]);
    expect(ended.toSorted()).toEqual([...long.map(() => 'long'), 'operation', 'token'].toSorted());
    expect(ended.at(-1)).toBe('long');
  });

  test('refuse steps once the catalogue is closed', async () => {
    const catalogue = await openSqliteCatalogue({ directory });
    const closed = catalogue[Symbol.asyncDispose]();
    const refusal = { name: 'CatalogueUnavailableError', message: 'The catalogue is closed.' };
    await expect(catalogue.upkeep.ping()).rejects.toMatchObject(refusal);
    await closed;
    await catalogue[Symbol.asyncDispose]();
    await expect(catalogue.identity.findUser('ada')).rejects.toMatchObject(refusal);
  });

  test('fail waiting and later steps once one of them has died', async () => {
    await using catalogue = await openSqliteCatalogue({ directory });
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { path: join(directory, 'catalogue.sqlite'), access: 'write' },
      execArgv: ['--conditions=@backup-sync/source'],
    });
    const thread = new StepThread(worker);
    await thread.call('ping', [], null, null);
    // Another writer blocks the step, so it cannot have been answered when the thread is stopped.
    const other = new DatabaseSync(join(directory, 'catalogue.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const refused = expect(thread.call('touch', [], null, null)).rejects.toMatchObject({
      name: 'CatalogueUnavailableError',
    });
    const stopped = worker.terminate();
    other.exec('ROLLBACK');
    other.close();
    await stopped;
    await refused;
    await expect(thread.call('ping', [], null, null)).rejects.toMatchObject({ name: 'CatalogueUnavailableError' });
    await thread.close();
    await catalogue.upkeep.ping();
  });

  test('do not keep a process alive that has nothing else to do', async () => {
    const { child } = startProcess('await catalogue.upkeep.ping(); process.stdin.pause();');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });
});
