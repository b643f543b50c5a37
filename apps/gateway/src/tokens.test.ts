import { mkdir, mkdtempDisposable, readFile, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { endpointFile, endpointFileName } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningGateway, serve } from './serve.ts';
import { adminPassword, startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({});
});
afterAll(() => gateway[Symbol.asyncDispose]());

function tokenRequest(changes: { name?: string; password?: string; scope?: unknown } = {}) {
  const user = {
    name: changes.name ?? 'admin',
    password: changes.password ?? adminPassword,
    domain: { name: 'Default' },
  };
  const identity = { methods: ['password'], password: { user } };
  return { auth: { identity, ...('scope' in changes && { scope: changes.scope }) } };
}

test('a user with the right password gets a token that works for the project', async () => {
  for (const scope of [
    undefined,
    { project: { id: gateway.projectId } },
    { project: { name: 'default', domain: { name: 'Default' } } },
  ]) {
    const answer = await gateway.call('POST', '/v3/auth/tokens', tokenRequest({ scope }));
    expect(answer.status).toBe(201);
    expect(answer.body.token).toMatchObject({
      methods: ['password'],
      project: { id: gateway.projectId, name: 'default' },
      user: { name: 'admin' },
      roles: [{ name: 'administrator' }],
    });
    const lives = Date.parse(answer.body.token.expires_at) - Date.parse(answer.body.token.issued_at);
    expect(lives).toBe(24 * 60 * 60 * 1000);
    const token = answer.headers.get('x-subject-token') ?? '';
    expect((await gateway.call('GET', '/v3/{project_id}/backups', undefined, { 'X-Auth-Token': token })).status).toBe(
      200,
    );
  }
});

test('a token can be exchanged for a new one of the same caller', async () => {
  const exchange = (id: string) =>
    gateway.call('POST', '/v3/auth/tokens', { auth: { identity: { methods: ['token'], token: { id } } } });
  const answer = await exchange(gateway.token);
  expect(answer).toMatchObject({ status: 201, body: { token: { project: { id: gateway.projectId } } } });
  const fresh = answer.headers.get('x-subject-token') ?? '';
  expect(fresh).not.toBe(gateway.token);
  expect((await gateway.call('GET', '/v3/{project_id}/backups', undefined, { 'X-Auth-Token': fresh })).status).toBe(
    200,
  );
  expect((await exchange('nonsense')).status).toBe(401);
});

test('wrong password, unknown user and unknown project are refused in the same words', async () => {
  const answers = await Promise.all(
    [
      { password: 'wrong' },
      { name: 'nobody' },
      { scope: { project: { id: 'unknown' } } },
      { scope: { project: { name: 'default', domain: { name: 'Other' } } } },
    ].map((changes) => gateway.call('POST', '/v3/auth/tokens', tokenRequest(changes))),
  );
  for (const { status, body } of answers) {
    expect(status).toBe(401);
    expect(body.error).toEqual({
      code: 401,
      title: 'Unauthorized',
      message: 'the user name, the password or the project is wrong',
    });
  }
});

test('a login or exchange with another domain is refused in the same words, and is in the audit', async () => {
  await using own = await startTestGateway({});
  const user = { name: 'admin', password: adminPassword, domain: { name: 'Other' } };
  const scope = { project: { name: 'default', domain: { name: 'Other' } } };
  const login = await own.call('POST', '/v3/auth/tokens', {
    auth: { identity: { methods: ['password'], password: { user } } },
  });
  expect(login).toMatchObject({
    status: 401,
    body: { error: { message: 'the user name, the password or the project is wrong' } },
  });
  const exchange = await own.call('POST', '/v3/auth/tokens', {
    auth: { identity: { methods: ['token'], token: { id: own.token } }, scope },
  });
  expect(exchange).toMatchObject({
    status: 401,
    body: { error: { message: 'the token is not valid, or it has expired' } },
  });
  const refused = '/v1/projects/{project_id}/audit-events?operation=issueToken&outcome=refused';
  const { body } = await own.call('GET', refused);
  expect(body.audit_events).toMatchObject([
    { actor: { kind: 'system' }, project_id: own.projectId, door: 'rest', error: 'not_authenticated' },
    { actor: { kind: 'user', name: 'admin' }, project_id: '', door: 'rest', error: 'not_authenticated' },
  ]);
});

test('only project administrators can inspect or revoke another token, and other attempts are audited', async () => {
  await using own = await startTestGateway({});
  const users = '/v1/projects/{project_id}/users';
  const login = async (name: string, id: string) => {
    const request = tokenRequest({ name, password: adminPassword, scope: { project: { id } } });
    return (await own.call('POST', '/v3/auth/tokens', request)).headers.get('x-subject-token') ?? '';
  };
  const { body } = await own.call('POST', '/v1/projects/{project_id}/projects', { name: 'second' });
  const second: string = body.project.id;
  const grant = (user_name: string, target_project_id: string, role: string) =>
    own.call('POST', '/v1/projects/{project_id}/roles', { user_name, target_project_id, role });
  // The operator of this machine may have the name of a user, but is not that user.
  const operatorName = userInfo().username;
  for (const name of ['ada', 'bob', operatorName]) {
    expect((await own.call('POST', users, { name, password: adminPassword })).status).toBeLessThan(300);
    expect((await grant(name, own.projectId, 'operator')).status).toBeLessThan(300);
  }
  expect((await grant('bob', second, 'administrator')).status).toBeLessThan(300);
  const ada = await login('ada', own.projectId);
  const ask = async (method: string, subject: string, as: string) => {
    const headers = { 'X-Auth-Token': as, 'X-Subject-Token': subject };
    return (await own.call(method, '/v3/auth/tokens', undefined, headers)).status;
  };
  const others = {
    'who is not an administrator': await login('bob', own.projectId),
    'an administrator of another project': await login('bob', second),
  };
  for (const [who, token] of Object.entries(others)) {
    expect(await ask('GET', ada, token), who).toBe(403);
    expect(await ask('DELETE', ada, token), who).toBe(403);
  }
  expect(await ask('GET', own.token, await login(operatorName, own.projectId))).toBe(403);
  expect(await ask('GET', ada, ada)).toBe(200);
  expect(await ask('DELETE', ada, own.token)).toBe(204);
  expect(await ask('GET', ada, own.token)).toBe(404);

  const events = async (project: string, token: string) => {
    const path = `/v1/projects/${project}/audit-events?outcome=refused`;
    const answer = await own.call('GET', path, undefined, { 'X-Auth-Token': token });
    return answer.body.audit_events.map((event: { operation: string; actor: { name: string }; subjects: unknown }) => [
      event.operation,
      event.actor.name,
      event.subjects,
    ]);
  };
  const ofAda = [{ field: 'user_name', value: 'ada' }];
  expect(await events(own.projectId, own.token)).toEqual(
    expect.arrayContaining([
      ['inspectToken', operatorName, [{ field: 'user_name', value: operatorName }]],
      ['revokeToken', 'bob', ofAda],
      ['inspectToken', 'bob', ofAda],
      // The name of a user in another project is not revealed.
      ['revokeToken', 'bob', []],
      ['inspectToken', 'bob', []],
    ]),
  );
});

test('the refusal of a malformed token request names the fields', async () => {
  const answer = await gateway.call('POST', '/v3/auth/tokens', { auth: { identity: { methods: ['totp'] } } });
  expect(answer).toMatchObject({ status: 400, body: { error: { code: 400 } } });
  expect(answer.body.error_msg).toContain('auth.identity.methods[0]: must be password or token');
});

test('a password is generated only by a start that can show it', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-'));
  await mkdir(join(home.path, 'buckets'));
  const options = {
    dataDirectory: join(home.path, 'data'),
    storage: `file:${join(home.path, 'buckets')}`,
    host: '127.0.0.1',
    version: '0.0.0',
    onFault: () => {},
  };
  const taken = Number(new URL(gateway.endpoint).port);
  await expect(serve({ ...options, port: taken })).rejects.toMatchObject({ name: 'ListenError' });
  await using started = await serve({ ...options, port: 0 });
  expect(started.generatedPassword).toMatch(/^[\w-]{24}$/);
});

test('the server writes a file with its endpoint and a credential, and removes it when it stops', async () => {
  const own = await startTestGateway({});
  const path = join(own.dataDirectory, endpointFileName);
  const file = endpointFile.parse(JSON.parse(await readFile(path, 'utf8')));
  expect(file).toEqual({ endpoint: own.endpoint, project_id: own.projectId, token: own.token, pid: process.pid });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await own[Symbol.asyncDispose]();
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

test('the credential in that file is revoked when the server stops, so a copy is useless', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'backup-sync-'));
  await mkdir(join(home.path, 'buckets'));
  const options = {
    dataDirectory: join(home.path, 'data'),
    storage: `file:${join(home.path, 'buckets')}`,
    host: '127.0.0.1',
    port: 0,
    version: '0.0.0',
    onFault: () => {},
  };
  const statusWith = async (token: string, { endpoint, projectId }: RunningGateway) =>
    (await fetch(`${endpoint}/v3/${projectId}/backups`, { headers: { 'X-Auth-Token': token } })).status;
  const first = await serve(options);
  expect(await statusWith(first.token, first)).toBe(200);
  await first[Symbol.asyncDispose]();
  await using second = await serve(options);
  expect(await statusWith(first.token, second)).toBe(401);
});
