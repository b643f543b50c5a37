import { TestClock } from '@backup-sync/engine/test-clock';
import { expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing.ts';
import { exchangeRaw } from '../testing-raw.ts';

const secondMs = 1000;

/** Admits one call of an unknown caller from each address, and the next after ten seconds. */
async function startStrict(): Promise<TestGateway & { readonly clock: TestClock }> {
  const clock = new TestClock();
  const limits = { unknownCallsPerSecond: 0.1 };
  const gateway = await startTestGateway({}, { clock, limits, trustedProxies: ['127.0.0.1'] });
  return Object.assign(gateway, { clock });
}

test('every call that is refused before its caller is known counts for its address', async () => {
  await using gateway = await startStrict();
  const refused: readonly (readonly [method: string, path: string, status: number])[] = [
    ['PUT', '/v3/x/backups', 405],
    ['GET', '/v3/%zz/backups', 400],
    ['GET', '/nothing', 404],
    ['GET', '/trpc/nothing', 401],
    ['PUT', '/trpc/listBackups', 405],
    ['HEAD', '/trpc/listBackups', 401],
    ['POST', '/trpc/syncBackups', 401],
  ];
  for (const [index, [method, path, status]] of refused.entries()) {
    const headers = { 'X-Auth-Token': '', 'X-Forwarded-For': `192.0.2.${index}` };
    const statuses = [
      (await gateway.call(method, path, undefined, headers)).status,
      (await gateway.call(method, path, undefined, headers)).status,
    ];
    expect(statuses, `${method} ${path}`).toEqual([status, 429]);
  }
  expect(gateway.faults).toEqual([]);
});

test('tRPC refuses an unknown caller before it waits for a body, in its own form', async () => {
  await using gateway = await startTestGateway({});
  const head = 'Host: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n';
  const answer = await exchangeRaw(gateway.endpoint, `POST /trpc/syncBackups HTTP/1.1\r\n${head}{`);
  if (answer === null) throw new Error('there was no answer');
  expect(answer.status).toBe(401);
  const { error } = JSON.parse(answer.body);
  expect(error.data).toMatchObject({ errorCode: 'not_authenticated', httpStatus: 401, path: 'syncBackups' });
  expect(error.data.requestId).toBe(answer.headers.get('X-Request-Id'));
});

test('a tRPC batch counts as the calls in it, however its commas are written', async () => {
  for (const comma of [',', '%2C']) {
    const clock = new TestClock();
    await using gateway = await startTestGateway({}, { clock, limits: { callsPerSecond: 2 } });
    const batch = `/trpc/${Array(3).fill('listBackups').join(comma)}?batch=1&input={}`;
    expect((await gateway.call('GET', batch)).status).not.toBe(429);
    expect((await gateway.call('GET', batch)).status).toBe(429);
    expect((await gateway.call('GET', '/v3/{project_id}/backups')).status).toBe(200);
    expect((await gateway.call('GET', '/v3/{project_id}/backups')).status).toBe(429);
  }
});

test('an address that used up its calls gets no new credentials checked, but known ones work', async () => {
  await using gateway = await startStrict();
  const issued = await gateway.call('POST', '/v3/auth/tokens', {
    auth: { identity: { methods: ['token'], token: { id: gateway.token } } },
  });
  const from = (address: string, token: string) =>
    gateway.call('GET', '/v3/{project_id}/backups', undefined, { 'X-Auth-Token': token, 'X-Forwarded-For': address });
  const other = issued.headers.get('x-subject-token') ?? '';
  // A valid call does not count for the address, so it can make any number.
  expect([(await from('192.0.2.1', other)).status, (await from('192.0.2.1', other)).status]).toEqual([200, 200]);
  expect((await from('192.0.2.1', 'a guess')).status).toBe(401);
  expect((await from('192.0.2.1', other)).status).toBe(200);
  expect((await from('192.0.2.1', gateway.token)).status).toBe(429);
  expect((await from('192.0.2.2', gateway.token)).status).toBe(200);

  const slow = `Host: a\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\nContent-Length: 9\r\nAuthorization: SDK-HMAC-SHA256 x\r\n\r\n`;
  expect((await exchangeRaw(gateway.endpoint, `POST /v3/x HTTP/1.1\r\n${slow}{`))?.status).toBe(429);

  const revoked = await gateway.call('DELETE', '/v3/auth/tokens', undefined, {
    'X-Subject-Token': other,
    'X-Forwarded-For': '192.0.2.2',
  });
  expect(revoked.status).toBe(204);
  gateway.clock.timeMs += 10 * secondMs;
  expect([(await from('192.0.2.1', other)).status, (await from('192.0.2.1', other)).status]).toEqual([401, 429]);
});
