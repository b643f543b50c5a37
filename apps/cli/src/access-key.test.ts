import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { examples, start, startServer, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const request = join(examples, 'sync-request.json');
const storage = `file:${join(examples, 'buckets')}`;

/** A server, and the access key of an operator in its project. */
async function open() {
  await using opening = new AsyncDisposableStack();
  const home = opening.use(await temporaryDirectory());
  const dataDirectory = join(home.path, 'data');
  const server = opening.use(await startServer(dataDirectory, storage));
  const administer = (...args: string[]) =>
    runInProcess([...args, '--data-dir', dataDirectory, '--storage', storage], { input: 'a password of twelve\n' });
  await administer('users', 'create', 'nightly');
  await administer('roles', 'grant', 'nightly', 'operator', 'default');
  const made = JSON.parse((await administer('access-keys', 'create', 'nightly', 'default', '--json')).output);
  const owned = opening.move();
  return {
    home: home.path,
    server,
    administer,
    accessKey: String(made.access_key.access_key),
    secretKey: String(made.secret_key),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('a script syncs, lists and watches with an access key from the environment', async () => {
  await using opened = await open();
  const { server, administer, accessKey, secretKey } = opened;
  const environment = {
    BACKUP_SYNC_ENDPOINT: server.endpoint,
    BACKUP_SYNC_PROJECT: server.projectId,
    BACKUP_SYNC_ACCESS_KEY: accessKey,
    BACKUP_SYNC_SECRET_ACCESS_KEY: secretKey,
  };
  const watch = start(['operations', 'watch', '--json'], { environment });
  const messages = text(watch.stderr);
  let told = '';
  watch.stdout.on('data', (chunk) => {
    told += String(chunk);
  });
  // The watch may begin to listen after the first of them has ended.
  do expect(await runInProcess(['sync', request], { environment })).toMatchObject({ code: 3 });
  while (!told.includes('"status":"failed"') && watch.exitCode === null);
  watch.kill('SIGINT');
  if (watch.exitCode === null) await once(watch, 'close');
  expect(await messages).toBe('');
  expect(watch.exitCode).toBe(130);
  const events: { operation: { kind: string } }[] = told
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ operation }) => operation.kind)).toContain('import');

  const listed = await runInProcess(['backups', 'list', '--all', '--status', 'available', '--json'], { environment });
  expect(JSON.parse(listed.output).backups).toHaveLength(4);
  const doctor = await runInProcess(['doctor'], { environment });
  expect(doctor.output).toMatch(new RegExp(`credentials +access key ${accessKey} \\(BACKUP_SYNC_ACCESS_KEY\\)`));
  expect(doctor.output + doctor.messages + listed.output).not.toContain(secretKey);
  expect(await runInProcess(['users', 'list'], { environment })).toMatchObject({ code: 4, output: '' });

  await administer('access-keys', 'disable', accessKey);
  const refused = await runInProcess(['backups', 'list', '--json'], { environment });
  expect(refused).toMatchObject({ code: 4, output: '' });
  expect(JSON.parse(refused.messages).error.remedy).toContain('an enabled access key in BACKUP_SYNC_ACCESS_KEY');
}, 120_000);

test('login saves an access key that the server accepts, and later commands use it', async () => {
  await using opened = await open();
  const { home, server, accessKey, secretKey } = opened;
  const environment = { XDG_CONFIG_HOME: join(home, 'config') };
  const login = ['login', '--endpoint', server.endpoint, '--access-key', accessKey];
  const wrong = await runInProcess(login, { environment, input: 'a guess\n' });
  expect(wrong).toMatchObject({ code: 4, output: '', messages: expect.stringContaining('Check the id of the access') });
  const elsewhere = await runInProcess([...login, '--project', 'other'], { environment, input: secretKey });
  expect(elsewhere).toMatchObject({ code: 4, messages: expect.stringContaining('is not for project other') });
  const file = join(home, 'config', 'backup-sync', 'profiles.json');
  await expect(stat(file)).rejects.toThrow('ENOENT');

  const ended = await runInProcess(login, { environment, input: `${secretKey}\n` });
  expect(ended).toMatchObject({ code: 0, output: expect.stringContaining(`as access key ${accessKey}`) });
  expect(ended.output + ended.messages).not.toContain(secretKey);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, 'utf8')).profiles.default).toMatchObject({ project_id: server.projectId });
  expect(await runInProcess(['backups', 'list'], { environment })).toMatchObject({ code: 0 });
  expect((await runInProcess(['doctor'], { environment })).output).toContain(
    `access key ${accessKey} (profile "default")`,
  );
  const token = await runInProcess(['token'], { environment });
  expect(token).toMatchObject({ code: 1, messages: expect.stringContaining('signs requests and has no token') });

  const both = await runInProcess([...login, '--user', 'nightly'], { environment, input: secretKey });
  expect(both).toMatchObject({ code: 1, messages: expect.stringContaining('cannot be used with') });
  const pair = { ...environment, BACKUP_SYNC_ACCESS_KEY: 'AK2', BACKUP_SYNC_SECRET_ACCESS_KEY: secretKey };
  const another = await runInProcess(login, { environment: pair });
  expect(another).toMatchObject({ code: 1, messages: expect.stringContaining('--access-key names another') });
  const fromEnvironment = { ...pair, BACKUP_SYNC_ACCESS_KEY: accessKey };
  const again = await runInProcess(login.slice(0, 3), { environment: fromEnvironment });
  expect(again.output).toContain(`as access key ${accessKey}`);
}, 120_000);
