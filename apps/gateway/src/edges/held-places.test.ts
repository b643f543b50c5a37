import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startTestGateway } from '../testing.ts';
import { exchangeRaw } from '../testing-raw.ts';

/** Opens a connection and sends this text. */
async function opened(endpoint: string, bytes: string): Promise<Socket & Disposable> {
  const { hostname, port } = new URL(endpoint);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  await once(socket, 'connect');
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  return Object.assign(socket, { [Symbol.dispose]: () => void socket.destroy() });
}

const slowBody = 'Host: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n';
/** A call that waits for its body. The body of a signed request is read before its caller is known. */
const held = [
  `POST /v3/x/backups/sync HTTP/1.1\r\n${slowBody}Authorization: SDK-HMAC-SHA256 x\r\n\r\n{`,
  `POST /v3/auth/tokens HTTP/1.1\r\n${slowBody}\r\n{`,
];

test('unknown callers hold only a few places, and never block health checks', async () => {
  const limits = { callsInFlight: 3, callsInFlightOfNetwork: 2 };
  await using gateway = await startTestGateway({}, { limits, trustedProxies: ['127.0.0.1'] });
  // This caller is known from that network, so unknown callers there do not block it.
  const known = () => gateway.call('GET', '/v3/{project_id}/backups', undefined, { 'X-Forwarded-For': '192.0.2.1' });
  expect((await known()).status).toBe(200);
  const from = (address: string, path = '/v3') =>
    gateway.call('GET', path, undefined, { 'X-Auth-Token': '', 'X-Forwarded-For': address });
  const holding = held.map((bytes) =>
    opened(gateway.endpoint, bytes.replace('Host:', 'X-Forwarded-For: 192.0.2.1\r\nHost:')),
  );
  using _first = await holding[0];
  using _second = await holding[1];
  let refused = await from('192.0.2.1');
  while (refused.status === 200) refused = await from('192.0.2.1');
  expect([refused.status, refused.body.error_code]).toEqual([429, 'BackupSync.1014']);
  expect((await known()).status).toBe(200);
  expect((await from('192.0.2.2')).status).toBe(200);
  using _third = await opened(gateway.endpoint, held[0] ?? '');
  let full = await from('192.0.2.2');
  while (full.status === 200) full = await from('192.0.2.2');
  expect(full.status).toBe(503);
  for (const path of ['/healthz', '/readyz']) expect((await from('192.0.2.1', path)).status, path).toBe(200);
});

test('a place taken for an unknown caller is free again once the caller is known', async () => {
  await using gateway = await startTestGateway({}, { limits: { callsInFlightOfNetwork: 1 } });
  const reading = new AbortController();
  for (let streams = 0; streams < 3; streams += 1) {
    const stream = await fetch(`${gateway.endpoint}/v1/projects/${gateway.projectId}/operation-events`, {
      headers: { 'X-Auth-Token': gateway.token },
      signal: reading.signal,
    });
    expect(stream.status).toBe(200);
  }
  reading.abort();
});

const ask = 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

test('connections are limited in total, and per network unless it is a trusted proxy', async () => {
  for (const [limits, trustedProxies] of [
    [{ connections: 2 }, []],
    [{ connections: 2 }, ['127.0.0.1']],
    [{ connectionsOfNetwork: 2 }, []],
  ] as const) {
    await using gateway = await startTestGateway({}, { limits, trustedProxies });
    using first = await opened(gateway.endpoint, '');
    using _second = await opened(gateway.endpoint, '');
    expect(await exchangeRaw(gateway.endpoint, ask), JSON.stringify(limits)).toBeNull();
    first.destroy();
    let answer = await exchangeRaw(gateway.endpoint, ask);
    while (answer === null) answer = await exchangeRaw(gateway.endpoint, ask);
    expect(answer.status).toBe(200);
  }
  await using behind = await startTestGateway(
    {},
    { limits: { connectionsOfNetwork: 1 }, trustedProxies: ['127.0.0.1'] },
  );
  using _first = await opened(behind.endpoint, '');
  expect((await exchangeRaw(behind.endpoint, ask))?.status).toBe(200);
});
