import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { faultText } from './fault-text.ts';
import { temporaryDirectory } from './testing.ts';
import { startTracedServer, Traces } from './testing-traces.ts';

test('the log says why Keystone refuses the service, and contains no secret', async () => {
  const keystone = createServer((request, response) => {
    request.resume();
    response.writeHead(403, { 'Content-Type': 'application/json' }).end('{}');
  });
  keystone.listen(0, '127.0.0.1');
  await once(keystone, 'listening');
  const address = `http://127.0.0.1:${(keystone.address() as AddressInfo).port}`;
  await using home = await temporaryDirectory();
  const secrets = { password: 'password-that-nobody-may-see', token: 'token-that-nobody-may-see' };
  const traces = new Traces();
  await using server = await startTracedServer(traces, join(home.path, 'data'), ['--storage', `file:${home.path}`], {
    environment: {
      BACKUP_SYNC_IDENTITY: `keystone:${address}`,
      BACKUP_SYNC_KEYSTONE_USER: 'svc',
      BACKUP_SYNC_KEYSTONE_PASSWORD: secrets.password,
      BACKUP_SYNC_KEYSTONE_PROJECT: 'service',
    },
  });
  const answer = await fetch(`${server.endpoint}/v3/${server.projectId}/backups`, {
    headers: { 'X-Auth-Token': secrets.token },
  });
  expect(answer.status).toBe(503);
  await server.endWith('SIGTERM');
  keystone.close();
  const log = traces.textOf('server');
  const lines = log.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  expect(lines.filter((line) => line.includes('fault at'))).toEqual([
    expect.stringMatching(
      `Z error fault at the identity service: the identity service refuses the credentials of this service: ${address}/v3 ` +
        'answers 403 to the user svc of this service; check BACKUP_SYNC_KEYSTONE_USER, ',
    ),
  ]);
  expect(log).not.toContain('    at ');
  for (const secret of Object.values(secrets)) expect(traces.placesOf(secret)).toEqual([]);
});

test('the log has each cause of a fault, and nothing else from the error', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:9'), { headers: { authorization: 'a-secret' } });
  const attempts = new AggregateError([refused, new Error('connect ECONNREFUSED 127.0.0.1:9')], 'no address answers');
  const told = faultText(new Error('no answer', { cause: new TypeError('fetch failed', { cause: attempts }) }));
  expect(told.split('\n').filter((line) => !line.startsWith('    at '))).toEqual([
    'Error: no answer',
    'caused by: TypeError: fetch failed',
    'caused by: AggregateError: no address answers',
    'caused by: Error: connect ECONNREFUSED ::1:9',
    'caused by: Error: connect ECONNREFUSED 127.0.0.1:9',
  ]);
});
