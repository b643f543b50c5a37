import { mkdir, mkdtempDisposable, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpointFile, endpointFileName } from '@backup-sync/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serve } from './serve.ts';
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

test('a user with the right password gets a token for a project, and it opens that project', async () => {
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

test('a token is exchanged for a fresh one of the same caller', async () => {
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
    expect(body.error).toEqual({ code: 401, title: 'Unauthorized', message: 'user, password or project is not right' });
  }
});

test('a malformed request for a token names its fields', async () => {
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

test('the server leaves its owner a file with its endpoint and a credential, and takes it away when it stops', async () => {
  const own = await startTestGateway({});
  const path = join(own.dataDirectory, endpointFileName);
  const file = endpointFile.parse(JSON.parse(await readFile(path, 'utf8')));
  expect(file).toEqual({ endpoint: own.endpoint, project_id: own.projectId, token: own.token, pid: process.pid });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await own[Symbol.asyncDispose]();
  await expect(stat(path)).rejects.toThrow('ENOENT');
});
