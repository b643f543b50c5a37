import { randomBytes } from 'node:crypto';
import { mkdir, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDatabaseAddress } from '@backup-sync/engine/database-address';
import { createMigratedDatabase } from '@backup-sync/engine/migrated-database';
import { openDatabaseProxy } from '@backup-sync/engine/test-database-proxy';
import { expect, test } from 'vitest';
import type { EdgeLimits } from './edges/edge-limits.ts';
import { serve } from './serve.ts';
import { adminPassword } from './testing.ts';

const soon = { timeout: 5_000 };

/** Two gateways on one database. */
async function startGateways(limits: Partial<EdgeLimits> = {}) {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createMigratedDatabase());
  const network = opening.use(await openDatabaseProxy(database.url));
  const home = opening.use(await mkdtempDisposable(join(tmpdir(), 'backup-sync-')));
  await mkdir(join(home.path, 'buckets'));
  const faults: unknown[] = [];
  const secretKey = randomBytes(32).toString('base64');
  const start = async () =>
    opening.use(
      await serve({
        database: parseDatabaseAddress(network.url, 'the test'),
        secretKey,
        serves: true,
        works: true,
        storage: `file:${join(home.path, 'buckets')}`,
        limits: { callsPerSecond: Infinity, unknownCallsPerSecond: Infinity, ...limits },
        administratorPassword: adminPassword,
        host: '127.0.0.1',
        port: 0,
        version: '0.0.0',
        onFault: (_place, error) => faults.push(error),
      }),
    );
  const gateways = [await start(), await start()] as const;
  const call = async (node: 0 | 1, method: string, path: string, token: string | null, body?: object, more = {}) => {
    const { endpoint, projectId } = gateways[node];
    const answer = await fetch(endpoint + path.replace('{project_id}', projectId), {
      method,
      headers: { 'Content-Type': 'application/json', ...(token !== null && { 'X-Auth-Token': token }), ...more },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };
  const login = async (node: 0 | 1, name: string, password: string) => {
    const user = { name, password, domain: { name: 'Default' } };
    const body = { auth: { identity: { methods: ['password'], password: { user } } } };
    const { status, headers } = await call(node, 'POST', '/v3/auth/tokens', null, body);
    return { status, token: headers.get('x-subject-token') ?? '' };
  };
  const owned = opening.move();
  const { projectId } = gateways[0];
  return { network, projectId, faults, call, login, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test('tokens and roles that one gateway ends or changes do so at the other within five seconds', async () => {
  await using world = await startGateways();
  const { call, login } = world;
  const admin = (await login(0, 'admin', adminPassword)).token;
  const password = 'a password of twelve';
  await call(0, 'POST', '/v1/projects/{project_id}/users', admin, { name: 'ada', password });
  const role = { user_name: 'ada', target_project_id: world.projectId };
  const grant = (name: string) => call(0, 'POST', '/v1/projects/{project_id}/roles', admin, { ...role, role: name });
  await grant('operator');
  // Of a bucket that does not exist, so that an operator gets another refusal than a reader.
  const source = { name: 'a', bucket_name: 'none' };
  const add = async (token: string) =>
    (await call(1, 'POST', '/v1/projects/{project_id}/sources', token, source)).status;
  const operator = await login(1, 'ada', password);
  expect(await add(operator.token)).toBe(404);
  await grant('reader');
  await expect.poll(() => add(operator.token), soon).toBe(401);
  const reader = await login(1, 'ada', password);
  expect(await add(reader.token)).toBe(403);
  const asked = new URLSearchParams(role);
  expect((await call(0, 'DELETE', `/v1/projects/{project_id}/roles?${asked}`, admin)).status).toBe(204);
  await expect.poll(() => add(reader.token), soon).toBe(401);

  expect((await call(1, 'GET', '/v3/{project_id}/backups', admin)).status).toBe(200);
  expect((await call(0, 'DELETE', '/v3/auth/tokens', admin, undefined, { 'X-Subject-Token': admin })).status).toBe(204);
  await expect.poll(async () => (await call(1, 'GET', '/v3/{project_id}/backups', admin)).status, soon).toBe(401);
  expect(world.faults).toEqual([]);
});

test('wrong passwords and calls count over all gateways', async () => {
  await using world = await startGateways({ callsPerSecond: 20 });
  const { call, login } = world;
  const { token } = await login(0, 'admin', adminPassword);
  const guesses: number[] = [];
  for (let guess = 0; guess < 12; guess += 1)
    guesses.push((await login(guess % 2 === 0 ? 0 : 1, 'eve', 'wrong')).status);
  expect(guesses).toEqual([...Array(10).fill(401), 429, 429]);

  const begunMs = performance.now();
  const calls = Array.from({ length: 200 }, (_, index) =>
    call(index % 2 === 0 ? 0 : 1, 'GET', '/v3/{project_id}/backups', token),
  );
  const admitted = (await Promise.all(calls)).filter(({ status }) => status === 200).length;
  const passedS = (performance.now() - begunMs) / 1000;
  expect(admitted).toBeGreaterThanOrEqual(36);
  expect(admitted).toBeLessThanOrEqual(40 + 20 * Math.ceil(passedS));
});

test('while the database is away, gateways answer 503 with Retry-After, and serve again once it is back', async () => {
  await using world = await startGateways();
  const { call, login, network } = world;
  const { token } = await login(0, 'admin', adminPassword);
  const places = ['/readyz', '/v3/{project_id}/backups', '/v1/projects/{project_id}/sources'];
  const statuses = () => Promise.all(places.map(async (place) => (await call(1, 'GET', place, token)).status));
  expect(await statuses()).toEqual([200, 200, 200]);
  network.refuse();
  for (const place of places) {
    const { status, headers, body } = await call(1, 'GET', place, token);
    expect({ place, status }).toEqual({ place, status: 503 });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(body).not.toContain(new URL(network.url).password);
  }
  expect((await login(0, 'admin', adminPassword)).status).toBe(503);
  network.restore();
  await expect.poll(statuses, soon).toEqual([200, 200, 200]);
  expect(world.faults).toEqual([]);
});
