import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@backup-sync/core';
import { serve } from '@backup-sync/gateway';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from './environment.ts';
import { saveProfile } from './profiles.ts';
import { examples, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const password = 'a password of the test';
const storage = `file:${join(examples, 'buckets')}`;

async function open() {
  await using opening = new AsyncDisposableStack();
  const home = opening.use(await temporaryDirectory());
  const dataDirectory = join(home.path, 'data');
  const gateway = opening.use(
    await serve({
      dataDirectory,
      storage,
      administratorPassword: password,
      host: '127.0.0.1',
      port: 0,
      version: '0.0.0',
      onFault: (place, error) => expect.fail(`${place}: ${String(error)}`),
    }),
  );
  const { endpoint, projectId } = gateway;
  const { calls } = createClient({ endpoint, projectId, credentials: { token: gateway.token } });
  await calls.createUser({ name: 'ada', password });
  await calls.grantRole({ user_name: 'ada', target_project_id: projectId, role: 'operator' });
  const environment = { XDG_CONFIG_HOME: join(home.path, 'config') };
  const profiles = join(home.path, 'config', 'backup-sync', 'profiles.json');
  const call = (args: readonly string[], variables: Record<string, string> = environment, input = '') =>
    runInProcess(args, { environment: variables, input });
  const owned = opening.move();
  return {
    gateway,
    calls,
    endpoint,
    projectId,
    dataDirectory,
    profiles,
    call,
    logIn: (profile: string) =>
      call(['login', '--endpoint', endpoint, '--user', 'ada', '--profile', profile], environment, password),
    tokenOf: async (profile: string) => {
      const kept = JSON.parse(await readFile(profiles, 'utf8'));
      return kept.profiles[profile]?.token as string | undefined;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

let opened: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  opened = await open();
}, 60_000);
afterAll(() => opened[Symbol.asyncDispose]());

test('whoami shows user, role, project and credentials of every kind', async () => {
  const { call, endpoint, projectId, calls } = opened;
  await opened.logIn('default');
  const { output } = await call(['whoami']);
  expect(output).toMatch(new RegExp(`server +${endpoint} \\(profile "default"\\)`));
  expect(output).toMatch(new RegExp(`project +default \\(${projectId}\\)\nuser +ada\nrole +operator\n`));
  expect(output).toMatch(/credentials +token \(profile "default"\)\nexpires \(UTC\) +20\d\d-\d\d-\d\d [\d:]{8}\n/);

  const made = await calls.createAccessKey({ user_name: 'ada', target_project_id: projectId });
  const { access_key: accessKey } = made.access_key;
  const signing = {
    BACKUP_SYNC_ENDPOINT: endpoint,
    BACKUP_SYNC_PROJECT: projectId,
    BACKUP_SYNC_ACCESS_KEY: accessKey,
    BACKUP_SYNC_SECRET_ACCESS_KEY: made.secret_key,
  };
  expect(JSON.parse((await call(['whoami', '--json'], signing)).output)).toEqual({
    endpoint,
    credentials: 'access_key',
    access_key: accessKey,
    caller: {
      kind: 'user',
      name: 'ada',
      role: 'operator',
      project_id: projectId,
      project_name: 'default',
      expires_at: null,
    },
  });

  const asOperator = await call(['whoami'], { BACKUP_SYNC_DATA_DIR: opened.dataDirectory });
  expect(asOperator.output).toContain('(owner of the data directory)');
  expect(asOperator.output).toContain(`${opened.dataDirectory} (BACKUP_SYNC_DATA_DIR)`);
});

test('logout ends the token at the server and removes only that profile', async () => {
  const { call, endpoint, projectId } = opened;
  await opened.logIn('default');
  await opened.logIn('work');
  const token = (await opened.tokenOf('work')) ?? '';
  const out = await call(['logout', '--profile', 'work']);
  expect(out).toMatchObject({ code: 0, messages: 'The token has ended.\n' });
  expect(await opened.tokenOf('work')).toBeUndefined();
  const client = createClient({ endpoint, projectId, credentials: { token } });
  await expect(client.calls.listSources({})).rejects.toMatchObject({ code: 'not_authenticated' });
  expect(await call(['whoami'])).toMatchObject({ code: 0 });
  const again = await call(['logout', '--profile', 'work']);
  expect(again).toMatchObject({ code: 1, output: '' });
  expect(again.messages).toContain('there is no profile "work"');
});

test('logout removes the profile if the server does not answer, and says that the token stays valid', async () => {
  const credentials = { kind: 'token', token: new Secret('t0ken') } as const;
  await saveProfile(opened.profiles, 'gone', { endpoint: 'http://127.0.0.1:1', projectId: 'p', credentials });
  const out = await opened.call(['logout', '--profile', 'gone']);
  expect(out.code).toBe(0);
  expect(out.messages).toContain('did not end the token, which stays valid until it expires');
  expect(await opened.tokenOf('gone')).toBeUndefined();
});

test('roles list shows who has which role, in every project or in one', async () => {
  const environment = {
    BACKUP_SYNC_ENDPOINT: opened.endpoint,
    BACKUP_SYNC_TOKEN: opened.gateway.token,
    BACKUP_SYNC_PROJECT: opened.projectId,
  };
  const { project } = await opened.calls.createProject({ name: 'payroll' });
  const ofPayroll = { target_project_id: project.id, role: 'reader' } as const;
  await opened.calls.grantRole({ user_name: 'ada', ...ofPayroll });
  await opened.calls.disableUser({ user_name: 'ada' });
  const all = await opened.call(['roles', 'list'], environment);
  expect(all.output).toMatch(/default +ada +operator +disabled\ndefault +admin +administrator +enabled\npayroll +ada/);
  const one = await opened.call(['roles', 'list', 'payroll', '--json'], environment);
  expect(JSON.parse(one.output).roles).toEqual([
    { project_id: project.id, project_name: 'payroll', role: 'reader', user_name: 'ada', disabled: true },
  ]);
});
