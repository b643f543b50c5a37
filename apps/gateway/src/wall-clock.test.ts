import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endpointFile, endpointFileName } from '@backup-sync/contracts';
import { TestClock } from '@backup-sync/engine/test-clock';
import { expect, test } from 'vitest';
import { adminPassword, specificationExample, startTestGateway } from './testing.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const password = {
  auth: { identity: { methods: ['password'], password: { user: { name: 'admin', password: adminPassword } } } },
};

test('setting the wall clock back and forward disturbs neither the server nor local commands', async () => {
  const clock = new TestClock();
  await using gateway = await startTestGateway({}, { clock });
  const { token } = endpointFile.parse(
    JSON.parse(await readFile(join(gateway.dataDirectory, endpointFileName), 'utf8')),
  );
  const listWith = async (used: string) =>
    (await gateway.call('GET', '/v3/{project_id}/backups', undefined, { 'X-Auth-Token': used })).status;
  for (const stepMs of [-hourMs, 25 * hourMs, -180 * dayMs, 360 * dayMs]) {
    clock.step(stepMs);
    expect(await listWith(token), `${stepMs}`).toBe(200);
    // A login removes expired tokens.
    const login = await gateway.call('POST', '/v3/auth/tokens', password, { 'X-Auth-Token': '' });
    expect(login.status).toBe(201);
    expect(await listWith(login.headers.get('x-subject-token') ?? ''), `${stepMs}`).toBe(200);
    expect(await listWith(token), `${stepMs}`).toBe(200);
    const exchange = { auth: { identity: { methods: ['token'], token: { id: token } } } };
    const exchanged = await gateway.call('POST', '/v3/auth/tokens', exchange);
    expect(await listWith(exchanged.headers.get('x-subject-token') ?? ''), `${stepMs}`).toBe(200);
    const { body } = await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync: [specificationExample] });
    const log = await gateway.ended(body.sync[0].operation_log_id);
    // The bucket does not exist. The reason says so, rather than that the time to retry is over.
    expect(log.status, `${stepMs}`).toBe('failed');
  }
  expect(gateway.faults).toEqual([]);
});

test('the token of local commands expires a day after it was issued, whatever the wall clock shows', async () => {
  const clock = new TestClock();
  await using gateway = await startTestGateway({}, { clock });
  clock.timeMs += dayMs;
  clock.step(-dayMs - hourMs);
  const list = await gateway.call('GET', '/v3/{project_id}/backups');
  expect(list.status).toBe(401);
});
