import { once } from 'node:events';
import { connect } from 'node:net';
import type { AuditEvent } from '@backup-sync/contracts';
import { TestClock } from '@backup-sync/engine/test-clock';
import { expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing.ts';
import { addressIn, trustIn } from './caller-address.ts';

const guess = { auth: { identity: { methods: ['password'], password: { user: { name: 'admin', password: 'no' } } } } };

/** Waits until this many passwords were refused. Returns the addresses of the callers. */
async function guessesFrom(gateway: TestGateway, count: number): Promise<(string | null)[]> {
  while (true) {
    const { body } = await gateway.call('GET', '/v1/projects/{project_id}/audit-events?limit=1000');
    const refused = body.audit_events.filter(({ outcome }: AuditEvent) => outcome === 'refused');
    if (refused.length >= count) return refused.map(({ address }: AuditEvent) => address).reverse();
  }
}

test('a client that resets its connection immediately is in the audit with its address', async () => {
  await using gateway = await startTestGateway({});
  const { hostname, port } = new URL(gateway.endpoint);
  const body = JSON.stringify(guess);
  for (let count = 1; count <= 5; count += 1) {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    const head = `POST /v3/auth/tokens HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    // The server must accept the connection before it is reset.
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.write(head + body, () => socket.resetAndDestroy());
    await once(socket, 'close');
    expect(await guessesFrom(gateway, count)).toEqual(Array(count).fill('127.0.0.1'));
  }
});

test('a forwarded address is kept without its port, and an invalid one is never in the audit', async () => {
  await using gateway = await startTestGateway({}, { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] });
  const forwarded = [
    ['192.0.2.1:5213', '192.0.2.1'],
    ['192.0.2.1:5214, 10.1.2.3:80', '192.0.2.1'],
    ['[2001:DB8::1]:5213', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['<script>', '127.0.0.1'],
    ['1', '127.0.0.1'],
    ['', '127.0.0.1'],
  ] as const;
  for (const [header] of forwarded) {
    const answer = await gateway.call('POST', '/v3/auth/tokens', guess, { 'X-Forwarded-For': header });
    expect(answer.status, header).toBe(401);
  }
  expect(await guessesFrom(gateway, forwarded.length)).toEqual(forwarded.map(([, address]) => address));
});

test('addresses with ports of one network count as one', async () => {
  const clock = new TestClock();
  const limits = { unknownCallsPerSecond: 0.1 };
  await using gateway = await startTestGateway({}, { clock, limits, trustedProxies: ['127.0.0.1'] });
  const statusFrom = async (address: string) =>
    (await gateway.call('GET', '/v3', undefined, { 'X-Forwarded-For': address })).status;
  expect(await statusFrom('192.0.2.1:5213')).toBe(200);
  expect(await statusFrom('192.0.2.1:5214')).toBe(429);
  expect(await statusFrom('[2001:db8::1]:1')).toBe(200);
  expect(await statusFrom('[2001:db8::2]:2')).toBe(429);
  expect(await statusFrom('2001:db8:0:1::1')).toBe(200);
});

test('an address has one canonical form, and other strings are not addresses', () => {
  expect(addressIn('2001:0DB8:0::1')).toBe('2001:db8::1');
  for (const none of [
    undefined,
    '',
    '1',
    '0x7f.0.0.1',
    '1.2.3',
    '1.2.3.4:',
    ':80',
    '[]:80',
    '[1.2.3',
    'a:80',
    '::1::',
  ]) {
    expect(addressIn(none), none).toBeNull();
  }
});

test('proxies are trusted by IPv4 or IPv6 address or network, including IPv4 mapped into IPv6', () => {
  const trusts = trustIn(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1', '::ffff:172.16.0.0/108']);
  for (const address of ['10.9.9.9', '::ffff:10.9.9.9', '10.9.9.9:80', '2001:db8:1::', '192.0.2.1', '172.16.0.9']) {
    expect(trusts(address), address).toBe(true);
  }
  for (const address of [undefined, '11.0.0.1', '2001:db9::', '192.0.2.2', '172.32.0.1', 'unknown']) {
    expect(trusts(address), address).toBe(false);
  }
});
