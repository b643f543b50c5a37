import { TestClock } from '@backup-sync/engine/test-clock';
import { expect, test } from 'vitest';
import { startTestGateway } from './testing.ts';

test('a server that runs uses new limits and trusted proxies at once', async () => {
  // Time stops, so that no call is paid for meanwhile.
  await using gateway = await startTestGateway({}, { clock: new TestClock(), limits: { unknownCallsPerSecond: 1 } });
  const guesses = async (address: string) => {
    const headers = { 'X-Auth-Token': 'a guess', 'X-Forwarded-For': address };
    const statuses = [];
    // Ten are a burst, whatever address the caller claims to have, since it is no trusted proxy.
    for (let call = 0; call < 12; call += 1) {
      statuses.push((await gateway.call('GET', '/v3/{project_id}/backups', undefined, headers)).status);
    }
    return statuses.filter((status) => status === 429).length;
  };
  expect(await guesses('192.0.2.1')).toBe(2);
  expect(await guesses('192.0.2.2')).toBe(12);

  await gateway.reconfigure({ limits: { unknownCallsPerSecond: 1 }, trustedProxies: ['127.0.0.1'] });
  expect(await guesses('192.0.2.3')).toBe(2);
  expect(await guesses('192.0.2.4')).toBe(2);

  await gateway.reconfigure({ limits: { unknownCallsPerSecond: 1000 }, trustedProxies: [] });
  expect(await guesses('192.0.2.1')).toBe(0);

  await gateway.reconfigure({ limits: { callsInFlight: 0 } });
  expect(await gateway.call('GET', '/v3/{project_id}/backups')).toMatchObject({ status: 503 });
  expect(await gateway.call('GET', '/healthz')).toMatchObject({ status: 200 });
});

test('a server that drains is not ready, and answers all other calls', async () => {
  await using gateway = await startTestGateway({});
  expect(await gateway.call('GET', '/readyz')).toMatchObject({ status: 200 });
  gateway.drain();
  const refused = await gateway.call('GET', '/readyz');
  expect(refused.status).toBe(503);
  expect(refused.body.error_msg).toContain('the server is about to stop');
  expect(refused.headers.get('Retry-After')).not.toBeNull();
  expect(await gateway.call('GET', '/healthz')).toMatchObject({ status: 200 });
  expect(await gateway.call('GET', '/v3/{project_id}/backups')).toMatchObject({ status: 200 });
});
