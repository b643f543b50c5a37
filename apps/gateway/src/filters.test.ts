import { afterAll, beforeAll, expect, test } from 'vitest';
import { specificationExample, startTestGateway, type TestGateway } from './testing.ts';

const item = { ...specificationExample, image_path: 'a/b' };
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ [item.bucket_name]: { 'a/b/disk': 'bytes' } });
  const sync = [item, { ...item, backup_id: 'second', backup_name: 'another', created_at: 1_700_000_000 }];
  const { body } = await gateway.call('POST', '/v3/{project_id}/backups/sync', { sync });
  for (const { operation_log_id: id } of body.sync) await gateway.ended(id);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  expect(gateway.faults).toEqual([]);
});

test.each([
  ['backups', '', 2],
  ['backups', 'checkpoint_id=c', 0],
  ['backups', 'dec=false', 2],
  ['backups', 'dec=true', 2],
  ['backups', 'dec=True&show_replication=False', 2],
  ['backups', 'start_time=2023-01-01T00:00:00Z', 1],
  ['backups', 'end_time=2023-01-01T00:00:00Z', 1],
  ['backups', 'enterprise_project_id=0', 2],
  ['backups', 'enterprise_project_id=all_granted_eps', 2],
  ['backups', 'enterprise_project_id=e', 0],
  ['backups', 'image_type=sync', 2],
  ['backups', 'image_type=backup', 0],
  ['backups', 'incremental=true', 0],
  ['backups', 'member_status=accepted', 0],
  ['backups', 'member_status=accept', 0],
  ['backups', 'name=another', 1],
  ['backups', 'own_type=private', 2],
  ['backups', 'own_type=all_granted', 2],
  ['backups', 'own_type=shared', 0],
  ['backups', 'parent_id=second', 0],
  ['backups', 'resource_az=az', 0],
  [`backups`, `resource_id=${item.resource_id}`, 2],
  ['backups', 'resource_name=resource_name', 2],
  ['backups', 'resource_type=OS::Nova::Server', 0],
  ['backups', 'show_replication=true', 2],
  ['backups', 'status=available,error', 2],
  ['backups', 'status=deleting', 0],
  ['backups', 'used_percent=80', 0],
  ['backups', 'vault_id=v', 0],
  ['backups', 'something=else&region=x', 2],
  ['operation-logs', '', 2],
  ['operation-logs', 'operation_type=sync', 2],
  ['operation-logs', 'operation_type=restore', 0],
  ['operation-logs', 'provider_id=p', 0],
  ['operation-logs', 'vault_id=v', 0],
  ['operation-logs', 'vault_name=v', 0],
  ['operation-logs', 'enterprise_project_id=all_granted_eps', 2],
  ['operation-logs', 'enterprise_project_id=e', 0],
  ['operation-logs', 'status=success', 2],
  ['operation-logs', 'status=skipped,failed', 0],
  ['operation-logs', 'start_time=2020-01-01T00:00:00Z&end_time=2100-01-01T00:00:00Z', 2],
  ['operation-logs', 'resource_name=other', 0],
  ['operation-logs', 'something=else', 2],
])('of %s, %s returns the same records as in CBR', async (listing, query, count) => {
  const { status, body } = await gateway.call('GET', `/v3/{project_id}/${listing}?${query}`);
  expect([status, body.count]).toEqual([200, count]);
  expect(body[listing.replace('-', '_')]).toHaveLength(count);
});

test.each([
  ['backups', 'limit=0', 'limit'],
  ['backups', 'offset=x', 'offset'],
  ['backups', 'sort=size', 'sort'],
  ['backups', 'own_type=mine', 'own_type'],
  ['backups', 'used_percent=101', 'used_percent'],
  ['backups', 'dec=perhaps', 'dec'],
  ['backups', 'marker=unknown', 'marker'],
  ['backups', 'name=a&name=b', 'name'],
  ['operation-logs', 'operation_type=dance', 'operation_type'],
  ['operation-logs', 'start_time=yesterday', 'start_time'],
  ['operation-logs', 'marker=unknown', 'marker'],
])('of %s, %s is refused, and the error names the field', async (listing, query, place) => {
  const { status, body } = await gateway.call('GET', `/v3/{project_id}/${listing}?${query}`);
  expect([status, body.error_code, body.problems.map((problem: { place: string }) => problem.place)]).toEqual([
    400,
    'BackupSync.1001',
    [place],
  ]);
});
