import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hasEnded, operation } from '@backup-sync/contracts';
import type { AppRouter } from '@backup-sync/trpc';
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askUntilNotNull, startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    watched: { 'server-1/backup-1/disk.img': 'data', 'server-2/backup-2/disk.img': 'data' },
    private: { 'server-3/backup-3': 'data' },
  });
  const database = new DatabaseSync(join(gateway.dataDirectory, 'catalogue.sqlite'));
  // As if an administrator had granted the project one bucket only.
  database.exec(`UPDATE bucket_grants SET storage_unit_id = 'default', bucket_name = 'watched'`);
  database.close();
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  expect(gateway.faults).toEqual([]);
});

const scans = '/v1/projects/{project_id}/scans';
const sources = '/v1/projects/{project_id}/sources';
const template = '{resource_id}/{backup_id}';

async function ended(operationId: string) {
  const look = async () => {
    const { body } = await gateway.call('GET', `/v1/projects/{project_id}/operations/${operationId}`);
    const shown = operation.parse(body.operation);
    return hasEnded(shown.status) ? shown : null;
  };
  return await askUntilNotNull(look);
}

describe('over REST', () => {
  test('a scan can be started and followed, and its findings are paged', async () => {
    const started = await gateway.call('POST', scans, { bucket_name: 'watched', path_template: template });
    expect(started.status).toBe(200);
    const id = started.body.operation_id;
    expect(await ended(id)).toMatchObject({ kind: 'scan', status: 'success', progress: { backups_found: 2 } });
    const first = await gateway.call('GET', `${scans}/${id}/findings?limit=1`);
    expect(first.body).toMatchObject({ next: 1, ended: true, complete: true, findings: [{ state: 'new' }] });
    const second = await gateway.call('GET', `${scans}/${id}/findings?limit=1&after=${first.body.next}`);
    expect(second.body.findings[0].sync).toMatchObject({ backup_id: 'backup-2', resource_id: 'server-2' });
    const none = await gateway.call('GET', `${scans}/no-such-scan/findings`);
    expect(none).toMatchObject({ status: 404, body: { error_code: 'BackupSync.1017' } });
  });

  test.each([
    [scans, { bucket_name: 'private' }],
    [sources, { bucket_name: 'private', name: 'private' }],
  ])('a bucket without a grant is refused: %s', async (path, body) => {
    expect(await gateway.call('POST', path, body)).toMatchObject({
      status: 403,
      body: { error_code: 'BackupSync.1008' },
    });
  });

  test('a source can be added, synced as a vault, shown and removed', async () => {
    const added = await gateway.call('POST', sources, {
      name: 'servers',
      bucket_name: 'watched',
      path_template: template,
      level: 'presence',
    });
    expect(added.status).toBe(200);
    const { id } = added.body.source;
    const sync = { vault_id: id, auto_trigger: false };
    const answer = await gateway.call('POST', '/v3/{project_id}/checkpoints/sync', { sync });
    expect(answer.body).toEqual({ sync: { vault_id: id, operation_log_id: expect.any(String) } });
    const log = await gateway.ended(answer.body.sync.operation_log_id);
    expect(log).toMatchObject({ operation_type: 'sync', status: 'success', vault_id: id });
    const shown = await gateway.call('GET', `${sources}/${id}`);
    expect(shown.body.source).toMatchObject({ name: 'servers', status: 'active' });
    expect((await gateway.call('DELETE', `${sources}/${id}`)).status).toBe(204);
    const gone = await gateway.call('POST', '/v3/{project_id}/checkpoints/sync', { sync });
    expect(gone).toMatchObject({ status: 404, body: { error_code: 'BackupSync.1018' } });
  });
});

test('tRPC has the same calls', async () => {
  const client = createTRPCClient<AppRouter>({
    links: [httpLink({ url: `${gateway.endpoint}/trpc`, headers: { 'X-Auth-Token': gateway.token } })],
  });
  const project_id = gateway.projectId;
  const { operation_id } = await client.startScan.mutate({ project_id, bucket_name: 'watched' });
  await ended(operation_id);
  expect(await client.listScanFindings.query({ project_id, operation_id })).toMatchObject({
    findings: [],
    ended: true,
  });
  expect(await client.listSources.query({ project_id })).toEqual({ sources: [] });
});
