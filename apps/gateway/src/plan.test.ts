import type { AppRouter } from '@backup-sync/trpc';
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { specificationExample, startTestGateway, type TestGateway } from './testing.ts';

const item = { ...specificationExample, backup_id: 'b1', image_path: 'a/b' };
const missing = { ...item, backup_id: 'b2', image_path: 'a/missing' };
const path = '/v1/projects/{project_id}/plan';
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ [item.bucket_name]: { 'a/b/disk.vmdk': 'some bytes' } });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  expect(gateway.faults).toEqual([]);
});

test('a plan says what a sync would do for each item, and records nothing', async () => {
  const answer = await gateway.call('POST', path, { sync: [missing, item] });
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    plan: [
      {
        backup_id: 'b2',
        class: 'absent',
        outcome: 'none',
        message: 'would fail; nothing would be recorded or changed',
        level: null,
        ceiling: null,
        gaps: [],
        reason: expect.objectContaining({ code: 'path_not_found', retry: 'final', remedy: expect.any(String) }),
      },
      {
        backup_id: 'b1',
        class: 'new',
        outcome: 'created',
        message: 'would be recorded, and cannot be proved beyond presence',
        level: 'presence',
        ceiling: 'presence',
        gaps: [
          {
            code: 'format_unknown',
            level: 'metadata',
            message: 'no known format describes the stored objects, so missing or damaged ones cannot be seen',
          },
        ],
        reason: null,
      },
    ],
    forecast: { lists: 2, gets: 0, bytes_read: 0, seconds: expect.any(Number) },
    requests: { lists: 2, gets: 0, bytes_read: 0 },
  });
  const logs = await gateway.call('GET', '/v3/{project_id}/operation-logs');
  expect(logs.body.count).toBe(0);
});

test('a list that is too long for an address can be planned over tRPC by POST', async () => {
  const url = `${gateway.endpoint}/trpc`;
  const headers = { 'X-Auth-Token': gateway.token };
  const trpc = createTRPCClient<AppRouter>({ links: [httpLink({ url, headers, methodOverride: 'POST' })] });
  const sync = Array.from({ length: 50 }, (_, index) => ({
    ...item,
    backup_id: `b${index}`,
    resource_name: 'long'.repeat(60),
  }));
  const { plan } = await trpc.planSync.query({ project_id: gateway.projectId, sync });
  expect(plan.map((planned) => planned.class)).toEqual(sync.map(() => 'new'));
});

test('an invalid list is refused with the place of every problem, and another project is refused too', async () => {
  const bad = await gateway.call('POST', path, { sync: [{ ...item, backup_name: '' }, item, item] });
  expect(bad).toMatchObject({ status: 400, body: { problems: [{ place: 'sync[0].backup_name' }, {}, {}] } });
  const other = await gateway.call('POST', '/v1/projects/another/plan', { sync: [item] });
  expect(other.status).toBe(403);
});

test('imports are accepted like syncs, with ancestors if requested', async () => {
  const answer = await gateway.call('POST', '/v1/projects/{project_id}/imports', {
    sync: [item],
    with_ancestors: true,
  });
  expect(answer.status).toBe(200);
  const log = await gateway.ended(answer.body.sync[0].operation_log_id);
  expect(log).toMatchObject({ status: 'success', operation_type: 'sync', backup_sync: { outcome: 'created' } });
  const unclear = await gateway.call('POST', '/v1/projects/{project_id}/imports', {
    sync: [item],
    with_ancestors: 'x',
  });
  expect(unclear).toMatchObject({ status: 400, body: { problems: [{ place: 'with_ancestors' }] } });
});
