import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { examples, run, start, startServer, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const storage = `file:${join(examples, 'buckets')}`;

test('a server whose data directory is moved stops with one line, and starts again when it is back', async () => {
  await using home = await temporaryDirectory();
  const dataDirectory = join(home.path, 'data');
  const where = ['--data-dir', dataDirectory, '--storage', storage];
  const server = start(['serve', '--json', '--log-level', 'error', '--listen', '127.0.0.1:0', ...where]);
  using stack = new DisposableStack();
  stack.defer(() => server.kill('SIGKILL'));
  const said = text(server.stderr);
  const [first] = await once(server.stdout, 'data');
  const { project_id: projectId } = JSON.parse(String(first));
  await rename(dataDirectory, `${dataDirectory}-away`);
  await once(server, 'close');
  expect(server.exitCode).toBe(1);
  const lines = (await said).split('\n').filter((line) => line !== '');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { error: { code: 'DataDirectoryGoneError', message: expect.stringContaining(`${dataDirectory}/`) } },
  ]);
  await rename(`${dataDirectory}-away`, dataDirectory);
  await using again = await startServer(dataDirectory, storage);
  expect(again.projectId).toBe(projectId);
});

/** Makes Node know neither a name nor a home directory of the user, as for a uid without an entry in /etc/passwd. */
const namelessUser = `data:text/javascript,${encodeURIComponent(`
  import { syncBuiltinESMExports } from 'node:module';
  import os from 'node:os';
  const fail = () => { throw new Error('no such user'); };
  Object.assign(os, { userInfo: fail, homedir: fail });
  syncBuiltinESMExports();
`)}`;

test('a user without an entry in /etc/passwd can serve and run commands, named by the uid', async () => {
  await using home = await temporaryDirectory();
  const dataDirectory = join(home.path, 'data');
  const environment = {
    BACKUP_SYNC_DATA_DIR: dataDirectory,
    BACKUP_SYNC_STORAGE: storage,
    NODE_OPTIONS: `--import=${namelessUser}`,
    XDG_CACHE_HOME: '',
  };
  await run(['sync', join(examples, 'sync-request.json')], { environment });
  {
    await using server = await startServer(dataDirectory, storage, environment);
    expect(server.projectId).not.toBe('');
    expect(await run(['backups', 'list'], { environment })).toMatchObject({ code: 0 });
  }
  const { output } = await run(['audit', 'list', '--json'], { environment });
  const names = JSON.parse(output).audit_events.map(({ actor }: { actor: { name: string } }) => actor.name);
  expect(new Set(names)).toEqual(new Set([String(process.getuid?.())]));
  const { code, messages } = await run(['backups', 'list'], {
    environment: { NODE_OPTIONS: environment.NODE_OPTIONS },
  });
  expect({ code, messages }).toEqual({ code: 1, messages: expect.stringContaining('neither a server nor') });
});

test('commands that only read never upgrade a data directory, but say what does', async () => {
  await using home = await temporaryDirectory();
  const dataDirectory = join(home.path, 'data');
  const where = ['--data-dir', dataDirectory, '--storage', storage];
  await runInProcess(['sync', join(examples, 'sync-request.json'), ...where]);
  const database = new DatabaseSync(join(dataDirectory, 'catalogue.sqlite'));
  const newest = database.prepare('SELECT count(*) AS number FROM kysely_migration').get()?.number;
  // Looks like a data directory of the previous release, by its version number.
  database.exec('DELETE FROM kysely_migration WHERE name = (SELECT max(name) FROM kysely_migration)');
  database.close();
  const older = Number(newest) - 1;
  const refusal = `The catalogue has schema ${older}; this release needs schema ${newest}`;
  for (const words of ['backups list', 'operations list', 'users list', 'audit list', 'plan --bucket volumebackups']) {
    const { code, messages } = await runInProcess([...words.split(' '), ...where]);
    expect({ code, messages }, words).toEqual({ code: 1, messages: expect.stringContaining(`error: ${refusal}`) });
  }
  expect(await runInProcess(['check', '--max-age', '26h', ...where])).toMatchObject({
    code: 3,
    output: expect.stringContaining(`UNKNOWN: ${refusal}`),
  });
  expect(await runInProcess(['doctor', ...where])).toMatchObject({ code: 1, output: expect.stringContaining(refusal) });
});

test('commands that only read work on a copy made with VACUUM INTO, and leave it as it is', async () => {
  await using home = await temporaryDirectory();
  const dataDirectory = join(home.path, 'data');
  const restored = join(home.path, 'restored');
  await runInProcess(['sync', join(examples, 'sync-request.json'), '--data-dir', dataDirectory, '--storage', storage]);
  await mkdir(restored);
  const copy = join(restored, 'catalogue.sqlite');
  const database = new DatabaseSync(join(dataDirectory, 'catalogue.sqlite'));
  database.exec(`VACUUM INTO '${copy}'`);
  database.close();
  const before = await readFile(copy);
  const listOf = (directory: string) => runInProcess(['backups', 'list', '--data-dir', directory]);
  expect(await listOf(restored)).toEqual(await listOf(dataDirectory));
  expect(await runInProcess(['doctor', '--data-dir', restored, '--storage', storage])).toMatchObject({ code: 0 });
  expect(await readdir(restored)).toEqual(['catalogue.sqlite']);
  expect(await readFile(copy)).toEqual(before);
});

test('doctor shows the copy that an upgrade has kept', async () => {
  await using home = await temporaryDirectory();
  const dataDirectory = join(home.path, 'data');
  const where = ['--data-dir', dataDirectory, '--storage', storage];
  await runInProcess(['sync', join(examples, 'sync-request.json'), ...where]);
  const copy = join(dataDirectory, 'catalogue.schema-9.sqlite');
  await writeFile(copy, '');
  const { code, output } = await runInProcess(['doctor', 'volumebackups', '--json', ...where]);
  expect(code).toBe(0);
  expect(JSON.parse(output).configured).toMatchObject({ 'copy before upgrade': copy });
});
