import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTestGateway } from './testing.ts';

test('while the server stops, the local credential is never refused as invalid', async () => {
  const gateway = await startTestGateway({});
  const statuses: number[] = [];
  let stopped = false;
  const callOnAndOn = async () => {
    while (true) {
      try {
        statuses.push((await gateway.call('GET', '/v3/{project_id}/backups')).status);
      } catch (error) {
        // Refused or cut off: the server no longer listens.
        expect(error).toBeInstanceOf(TypeError);
        if (stopped) return;
      }
    }
  };
  const callers = Array.from({ length: 12 }, callOnAndOn);
  while (statuses.length < 50) await gateway.call('GET', '/healthz');
  await gateway[Symbol.asyncDispose]();
  stopped = true;
  await Promise.all(callers);
  expect(new Set(statuses).difference(new Set([200, 503]))).toEqual(new Set());
  expect(existsSync(join(gateway.dataDirectory, 'endpoint.json'))).toBe(false);
});

test('a server stops at once although a client has opened a connection in advance', async () => {
  const gateway = await startTestGateway({});
  const { hostname, port } = new URL(gateway.endpoint);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  // The server has seen the connection once it has answered on a later one.
  await gateway.call('GET', '/healthz');
  const startedAtMs = performance.now();
  await Promise.all([gateway[Symbol.asyncDispose](), once(socket, 'close')]);
  // It waits 5 s for requests that it has not answered.
  expect(performance.now() - startedAtMs).toBeLessThan(4_000);
});
