import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startS3Server } from '../testing/s3-test-server.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { doesBoth, openTestCluster } from '../testing/test-cluster.ts';

const bucket = 'volumebackups';

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

test('keys with NUL, which PostgreSQL cannot store, do not break a scan, and ids and names with it are refused', async () => {
  await using cluster = await openTestCluster();
  const good = writeSmallChain('good', 8, []);
  const [odd] = writeSmallChain('odd', 8, []);
  const objects = good.flatMap((backup) => [...backup.objects]);
  for (const [key, bytes] of odd?.objects ?? []) objects.push([`o\0dd/${key}`, bytes]);
  await using server = await startS3Server({
    [bucket]: {
      ...Object.fromEntries(objects),
      'stray\0/key': new Uint8Array(3),
      'zz/back\0up.vbk': new Uint8Array(3),
    },
  });
  await using node = await cluster.open({ ...doesBoth, storage: `s3:${server.options.endpoint}` });
  const { operation_id } = await node.call('startScan', { bucket_name: bucket, sync: true });
  const operation = await node.ended(operation_id);
  const { findings } = await node.call('listScanFindings', { operation_id });
  expect(operation.message).toBe('the listing is complete: 10 objects, 2 backups; 1 imported, 1 in error');
  const [odds] = findings.map(({ problem }) => problem).filter((problem) => problem !== null);
  expect(odds?.message).toMatch(/^the metadata cannot be read: the image path "o\\u0000dd\/.+" has a NUL character$/);
  for (const { operation_log_id: id } of findings) if (id !== null) await node.ended(id);
  expect((await node.call('listBackups', {})).backups.map(({ id }) => id)).toEqual(
    good.map(({ plan }) => plan.backupId),
  );
  expect(node.faults).toEqual([]);
  const [item] = good.map((backup) => syncItemOf(backup, bucket));
  if (item === undefined) throw new Error('a chain has links');
  for (const field of ['backup_id', 'backup_name', 'resource_id', 'resource_name', 'resource_type'] as const) {
    await expect(node.sync([{ ...item, [field]: 'a\0b' }])).rejects.toMatchObject({
      code: 'invalid_request',
      problems: [{ place: `sync[0].${field}`, message: 'has a NUL character' }],
    });
  }
});
