import { request } from 'node:http';
import { TestClock } from '@backup-sync/engine/test-clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { specificationExample, startTestGateway } from '../testing.ts';
import { exchangeRaw, expectRefusal } from '../testing-raw.ts';

const secondMs = 1000;

const unparsed: readonly (readonly [what: string, bytes: string, status: number, code: string])[] = [
  ['what is not HTTP', 'hello\r\n\r\n', 400, 'BackupSync.1001'],
  [
    'headers beyond 32 KiB',
    `GET /v3 HTTP/1.1\r\nHost: a\r\nX-Long: ${'a'.repeat(40_000)}\r\n\r\n`,
    431,
    'BackupSync.1051',
  ],
  ['an address beyond 32 KiB', `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431, 'BackupSync.1051'],
  [
    'two lengths',
    'POST /v3 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na',
    400,
    'BackupSync.1001',
  ],
  [
    'a length and chunks',
    'POST /v3 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
    'BackupSync.1001',
  ],
  ['no Host', 'GET /v3 HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'BackupSync.1001'],
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', 405, 'BackupSync.1012'],
  ['an expectation', 'POST /v3 HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n', 400, 'BackupSync.1001'],
];

test('input that is not a valid request is refused in the same form as every refusal', async () => {
  await using gateway = await startTestGateway({});
  for (const [what, bytes, status, code] of unparsed) {
    const answer = await exchangeRaw(gateway.endpoint, bytes);
    if (answer === null) throw new Error(`${what}: there was no answer`);
    expect([answer.status, expectRefusal(answer).error_code], what).toEqual([status, code]);
    expect(answer.headers.get('X-Content-Type-Options'), what).toBe('nosniff');
    expect(answer.headers.get('Server'), what).toBeNull();
  }
  expect(gateway.faults).toEqual([]);
});

test('a client that stops sending is refused in time', async () => {
  await using gateway = await startTestGateway({}, { limits: { headersTimeoutMs: 50, requestTimeoutMs: 50 } });
  for (const begun of [
    'GET /v3 HTTP/1.1\r\nHost:',
    'POST /v3/auth/tokens HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ]) {
    const answer = await exchangeRaw(gateway.endpoint, begun);
    if (answer === null) throw new Error('there was no answer');
    expect(answer.status).toBe(408);
    expect(expectRefusal(answer).error_code).toBe('BackupSync.1052');
  }
});

test('a caller who calls too often learns how long to wait, and does not delay others', async () => {
  const clock = new TestClock();
  await using gateway = await startTestGateway(
    {},
    { clock, limits: { callsPerSecond: 1, unknownCallsPerSecond: 1000 } },
  );
  const list = () => gateway.call('GET', '/v3/{project_id}/backups');
  expect([(await list()).status, (await list()).status]).toEqual([200, 200]);
  const refused = await list();
  expect(refused.status).toBe(429);
  expect(refused.body.error_code).toBe('BackupSync.1014');
  expect(refused.headers.get('Retry-After')).toBe('1');
  expect((await gateway.call('GET', '/v3', undefined, {})).status).toBe(200);
  const trpc = await gateway.call('GET', `/trpc/listBackups?input=${encodeURIComponent('{"project_id":"a"}')}`);
  expect(trpc.status).toBe(429);
  clock.timeMs += secondMs;
  expect((await list()).status).toBe(200);
});

test('setting the wall clock does not change how often a caller may call', async () => {
  const clock = new TestClock();
  await using gateway = await startTestGateway({}, { clock, limits: { callsPerSecond: 1 } });
  const list = async () => (await gateway.call('GET', '/v3/{project_id}/backups')).status;
  const hourMs = 3600 * secondMs;
  for (const stepMs of [0, -hourMs, hourMs, -180 * 24 * hourMs, 180 * 24 * hourMs]) {
    clock.step(stepMs);
    clock.timeMs += 2 * secondMs;
    expect([await list(), await list(), await list(), await list()], `${stepMs}`).toEqual([200, 200, 429, 429]);
  }
});

test('calls with invalid or no tokens are limited by address, and valid ones continue', async () => {
  const clock = new TestClock();
  await using gateway = await startTestGateway({}, { clock, limits: { unknownCallsPerSecond: 0.1 } });
  // A valid call from this address comes first, so its credentials are known.
  expect((await gateway.call('GET', '/v3/{project_id}/backups')).status).toBe(200);
  const guess = () => gateway.call('GET', '/v3/{project_id}/backups', undefined, { 'X-Auth-Token': 'a guess' });
  expect((await guess()).status).toBe(401);
  const refused = await guess();
  expect(refused.status).toBe(429);
  expect(refused.headers.get('Retry-After')).toBe('10');
  for (const path of ['/', '/v3', '/docs', '/openapi.json', '/nothing']) {
    expect((await gateway.call('GET', path)).status, path).toBe(429);
  }
  expect((await gateway.call('POST', '/v3/auth/tokens', {})).status).toBe(429);
  for (const path of ['/healthz', '/readyz']) expect((await gateway.call('GET', path)).status, path).toBe(200);
  expect((await gateway.call('GET', '/v3/{project_id}/backups')).status).toBe(200);
});

test('only trusted proxies may forward an address', async () => {
  for (const [trustedProxies, statuses] of [
    [[], [401, 429]],
    [['127.0.0.0/8'], [401, 401]],
    [['10.0.0.0/8'], [401, 429]],
  ] as const) {
    const clock = new TestClock();
    const limits = { unknownCallsPerSecond: 0.1 };
    await using gateway = await startTestGateway({}, { clock, limits, trustedProxies });
    const seen: number[] = [];
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      const headers = { 'X-Auth-Token': 'a guess', 'X-Forwarded-For': address };
      seen.push((await gateway.call('GET', '/v3/{project_id}/backups', undefined, headers)).status);
    }
    expect(seen, String(trustedProxies)).toEqual(statuses);
  }
});

test('calls in progress are limited in total and per caller, and a place is reused when a call ends', async () => {
  await using gateway = await startTestGateway({}, { limits: { callsInFlight: 2, callsInFlightOfCaller: 1 } });
  const reading = new AbortController();
  const stream = await fetch(`${gateway.endpoint}/v1/projects/${gateway.projectId}/operation-events`, {
    headers: { 'X-Auth-Token': gateway.token },
    signal: reading.signal,
  });
  expect(stream.status).toBe(200);
  expect((await gateway.call('GET', '/v3/{project_id}/backups')).status).toBe(429);
  const held = request(`${gateway.endpoint}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Content-Length': 9 },
  });
  held.on('error', () => {});
  held.write('{');
  let full = await gateway.call('GET', '/v3');
  while (full.status === 200) full = await gateway.call('GET', '/v3');
  expect(full.status).toBe(503);
  expect(full.headers.get('Retry-After')).toBe('1');
  held.destroy();
  reading.abort();
  let freed = await gateway.call('GET', '/v3/{project_id}/backups');
  while (freed.status !== 200) freed = await gateway.call('GET', '/v3/{project_id}/backups');
});

test('JSON that is nested too deeply is refused at every interface, and prototype keys are plain keys', async () => {
  await using gateway = await startTestGateway({ a: {} });
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const rest = await gateway.call('POST', '/v3/{project_id}/backups/sync', `{"sync":[],"x":${deep}}`);
  expect([rest.status, rest.body.error_code]).toEqual([400, 'BackupSync.1002']);
  const trpc = await gateway.call('POST', '/trpc/syncBackups', `{"project_id":"a","x":${deep}}`);
  expect([trpc.status, trpc.body.error.data.errorCode]).toEqual([400, 'malformed_json']);
  const polluting = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"sync":[]}';
  expect((await gateway.call('POST', '/v3/{project_id}/backups/sync', polluting)).status).toBe(400);
  expect('admin' in {}).toBe(false);
  expect(gateway.faults).toEqual([]);
});

test('methods that tRPC does not know are refused, however Node handles them', async () => {
  await using gateway = await startTestGateway({});
  for (const method of ['TRACE', 'PUT', 'PROPFIND', 'OPTIONS']) {
    const bytes = `${method} /trpc/listBackups HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const answer = await exchangeRaw(gateway.endpoint, bytes);
    if (answer === null) throw new Error(`${method}: there was no answer`);
    expect([answer.status, answer.headers.get('Allow')], method).toEqual([405, 'GET, HEAD, POST']);
    expect(expectRefusal(answer).error_code, method).toBe('BackupSync.1012');
  }
  expect(gateway.faults).toEqual([]);
});

test('a tRPC batch has at most 50 calls', async () => {
  await using gateway = await startTestGateway({});
  const answer = await gateway.call('GET', `/trpc/${Array(51).fill('listBackups').join(',')}?batch=1&input={}`);
  expect(answer.status).toBe(400);
});

test('answers have security headers, name no product, and allow no other origin', async () => {
  await using gateway = await startTestGateway({});
  for (const path of ['/v3', '/nothing', '/trpc/nothing', '/docs']) {
    const { headers } = await gateway.call('GET', path, undefined, { Origin: 'https://elsewhere.example' });
    expect(headers.get('X-Content-Type-Options'), path).toBe('nosniff');
    expect(headers.get('X-Frame-Options'), path).toBe('SAMEORIGIN');
    expect(headers.get('Content-Security-Policy'), path).not.toBeNull();
    for (const name of ['Server', 'X-Powered-By', 'Access-Control-Allow-Origin']) expect(headers.get(name)).toBeNull();
  }
});

test('no path from a caller leaves its bucket, at any interface and in any encoding', async () => {
  await using gateway = await startTestGateway({ a: {} });
  const dots = fc.constantFrom('..', '%2e%2e', '%2E.', '%252e%252e', '%25252e%2e', '%c0%ae%c0%ae', '%e0%80%ae.');
  const slash = fc.constantFrom('/', '%2f', '%252F', '%c0%af');
  const escaping = fc
    .tuple(fc.constantFrom('', 'a/'), dots, slash, fc.constantFrom('', 'b'))
    .map((parts) => parts.join(''));
  const item = (changes: object) => ({ sync: [{ ...specificationExample, ...changes }] });
  await fc.assert(
    fc.asyncProperty(escaping, async (path) => {
      const calls: readonly (readonly [string, object])[] = [
        ['/v3/{project_id}/backups/sync', item({ image_path: path })],
        ['/v3/{project_id}/backups/sync', item({ bucket_name: path })],
        ['/v1/projects/{project_id}/imports', item({ image_path: path })],
        ['/v1/projects/{project_id}/plan', item({ image_path: path })],
        ['/v1/projects/{project_id}/scans', { bucket_name: path }],
        ['/v1/projects/{project_id}/scans', { bucket_name: 'a', prefix: path }],
        ['/v1/projects/{project_id}/plans', { bucket_name: 'a', prefix: path }],
        ['/v1/projects/{project_id}/sources', { name: 'n', bucket_name: 'a', prefix: path }],
      ];
      const answers = await Promise.all(calls.map(([to, body]) => gateway.call('POST', to, body)));
      for (const [index, { status }] of answers.entries()) expect(status, `${calls[index]?.[0]} ${path}`).toBe(400);
    }),
    { numRuns: 40 },
  );
});
