import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startServer, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const password = 'a password of twelve';

async function open() {
  const home = await temporaryDirectory();
  const storage = `file:${join(home.path, 'buckets')}`;
  const dataDirectory = join(home.path, 'data');
  await mkdir(join(home.path, 'buckets', 'shared', 'team'), { recursive: true });
  const environment = { BACKUP_SYNC_DATA_DIR: dataDirectory, BACKUP_SYNC_STORAGE: storage };
  const call = (...args: string[]) => runInProcess(args, { environment, input: `${password}\n` });
  return { call, dataDirectory, storage, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

test('the local operator manages projects, buckets and access keys', async () => {
  await using home = await open();
  const { call } = home;
  expect(await call('users', 'create', 'ada')).toMatchObject({ code: 0, messages: '' });
  expect((await call('roles', 'grant', 'ada', 'operator', 'default')).output).toContain('operator in default');
  expect((await call('projects', 'create', 'second')).code).toBe(0);
  expect((await call('buckets', 'grant', 'shared/team', 'second')).output).toMatch(/shared +team\//);
  const made = JSON.parse((await call('access-keys', 'create', 'ada', 'default', '--json')).output);
  expect(made).toMatchObject({ access_key: { user_name: 'ada' }, secret_key: expect.stringMatching(/^[\w-]{43}$/) });
  expect((await call('access-keys', 'list')).output).toContain(made.access_key.access_key);
});

test('the local operator works in any project, with the server and without', async () => {
  await using home = await open();
  const { call } = home;
  const made = await call('projects', 'create', 'second', '--json');
  const { id } = JSON.parse(made.output).project;
  const projectOf = async () => JSON.parse((await call('token', '--project', id, '--json')).output).project_id;
  expect(await projectOf()).toBe(id);
  const unknown = await call('backups', 'list', '--project', 'nowhere');
  expect(unknown).toMatchObject({ code: 1, messages: expect.stringContaining('there is no project "nowhere"') });
  expect(unknown.messages).toContain('--project takes the id, not the name.');
  await using server = await startServer(home.dataDirectory, home.storage);
  expect(server.projectId).not.toBe(id);
  expect(await call('backups', 'list', '--project', 'nowhere')).toEqual(unknown);
  expect((await call('backups', 'list', '--project', id)).code).toBe(0);
  expect(await projectOf()).toBe(id);
});

test('a user logs in at the server with the granted role, and cannot when disabled', async () => {
  await using home = await open();
  const { call } = home;
  await using server = await startServer(home.dataDirectory, home.storage);
  await call('users', 'create', 'ada');
  await call('roles', 'grant', 'ada', 'operator', 'default');
  const own = { BACKUP_SYNC_ENDPOINT: server.endpoint, BACKUP_SYNC_PROJECT: server.projectId };
  const token = await runInProcess(['token', '--user', 'ada'], {
    environment: { ...own, BACKUP_SYNC_PASSWORD: password },
  });
  const asAda = { ...own, BACKUP_SYNC_TOKEN: token.output.trim() };
  const refused = await runInProcess(['users', 'list'], { environment: asAda });
  expect(refused).toMatchObject({ code: 4, messages: expect.stringContaining('needs the role administrator') });
  expect((await call('users', 'disable', 'ada')).output).toContain('disabled');
  expect((await runInProcess(['backups', 'list'], { environment: asAda })).code).toBe(4);
});

test('a refused login says what to check, including the project, and how long to wait after too many attempts', async () => {
  await using home = await open();
  const { call } = home;
  await using server = await startServer(home.dataDirectory, home.storage);
  await call('users', 'create', 'ada');
  const { id } = JSON.parse((await call('projects', 'create', 'second', '--json')).output).project;
  await call('roles', 'grant', 'ada', 'operator', 'second');
  const environment = { XDG_CONFIG_HOME: join(home.dataDirectory, '..', 'config') };
  const login = (given: string, ...options: string[]) =>
    runInProcess(['login', '--endpoint', server.endpoint, '--user', 'ada', ...options], { environment, input: given });
  const withoutProject = await login(password);
  const wrong = await login('a guess');
  expect(withoutProject).toMatchObject({ code: 4, messages: expect.stringContaining('name its id with --project') });
  expect(wrong).toEqual(withoutProject);
  expect((await login('a guess', '--project', id)).messages).toContain(`a role in the project "${id}"`);
  const token = await runInProcess(['token', '--endpoint', server.endpoint, '--user', 'ada'], {
    environment,
    input: password,
  });
  expect(token.messages).toContain('name its id with --project');
  expect((await login(password, '--project', id)).code).toBe(0);

  let last = wrong;
  for (let attempt = 0; attempt < 12 && last.messages.includes('is wrong'); attempt += 1) last = await login('a guess');
  expect(last).toMatchObject({
    code: 1,
    messages: expect.stringMatching(/too many wrong passwords[\s\S]*Wait 15 min, /),
  });
});

test('a server whose access keys could not be used does not start, and starts once they are ended', async () => {
  await using home = await open();
  const { call } = home;
  await call('users', 'create', 'ada');
  await call('roles', 'grant', 'ada', 'operator', 'default');
  const { access_key: key } = JSON.parse((await call('access-keys', 'create', 'ada', 'default', '--json')).output);
  await rm(join(home.dataDirectory, 'secret.key'));
  const refused = await call('serve', '--listen', '127.0.0.1:0');
  expect(refused).toMatchObject({ code: 1, output: '' });
  expect(refused.messages).toContain(`secret.key does not exist, so the secrets of these access keys`);
  expect(refused.messages).toContain(`${key.access_key}. Restore`);
  expect(await call('access-keys', 'create', 'ada', 'default')).toMatchObject({ code: 1, output: '' });
  expect(await call('access-keys', 'disable', key.access_key)).toMatchObject({ code: 0 });
  await using _server = await startServer(home.dataDirectory, home.storage);
}, 60_000);

test('a password is never an argument, and a short one is refused', async () => {
  await using home = await temporaryDirectory();
  await mkdir(join(home.path, 'buckets'));
  const environment = {
    BACKUP_SYNC_DATA_DIR: join(home.path, 'data'),
    BACKUP_SYNC_STORAGE: `file:${join(home.path, 'buckets')}`,
  };
  const empty = await runInProcess(['users', 'create', 'ada'], { environment });
  expect(empty).toMatchObject({
    code: 1,
    messages: expect.stringContaining('nothing was entered or piped in: enter it, or set BACKUP_SYNC_NEW_PASSWORD'),
  });
  const short = { ...environment, BACKUP_SYNC_NEW_PASSWORD: 'short' };
  const refused = await runInProcess(['users', 'create', 'ada'], { environment: short });
  expect(refused).toMatchObject({ code: 1, messages: expect.stringContaining('password: must have 12 to 1024') });
  expect(refused.messages).not.toContain('short');
});
