import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { specificationExample, startTestGateway } from './testing.ts';

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

test('a sync beyond the backlog of its project gets 429 with Retry-After, until an import is cancelled', async () => {
  // Storage never answers, so accepted imports do not end.
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  try {
    const storage = `s3:http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await using gateway = await startTestGateway({}, { storage, backlogMax: 1 });
    const sync = (backup_id: string) =>
      gateway.call('POST', '/v3/{project_id}/backups/sync', { sync: [{ ...specificationExample, backup_id }] });
    const first = await sync('1f9e6b47-7655-4a19-b563-21b4ef023025');
    expect(first.status).toBe(200);
    const refused = await sync('2f9e6b47-7655-4a19-b563-21b4ef023025');
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '5']);
    expect(refused.body).toMatchObject({
      error_code: 'BackupSync.1057',
      remedy: expect.stringContaining('Retry-After'),
    });

    const id: string = first.body.sync[0].operation_log_id;
    const cancelled = await gateway.call('POST', `/v1/projects/{project_id}/operations/${id}/cancel`, {});
    expect(cancelled.status).toBe(200);
    expect(await gateway.ended(id)).toMatchObject({ status: 'failed', backup_sync: { reason: { code: 'cancelled' } } });
    let again = await sync('2f9e6b47-7655-4a19-b563-21b4ef023025');
    while (again.status === 429) again = await sync('2f9e6b47-7655-4a19-b563-21b4ef023025');
    expect(again.status).toBe(200);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
}, 30_000);
