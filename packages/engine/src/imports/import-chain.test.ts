import type { BackupSync, OperationLog } from '@backup-sync/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts';

const bucket = 'volumebackups';

async function importWithAncestors(engine: TestEngine, items: readonly BackupSync[]): Promise<OperationLog[]> {
  const { sync } = await engine.call('importBackups', { sync: items, with_ancestors: true });
  return await engine.ended(sync.map((each) => each.operation_log_id));
}

async function put(engine: TestEngine, bucketName: string, chain: readonly WrittenBackup[]): Promise<void> {
  for (const backup of chain) await engine.buckets.put(bucketName, backup.objects);
}

function idsOf(chain: readonly WrittenBackup[]): string[] {
  return chain.map(({ plan }) => plan.backupId);
}

test('each backup has its own proof and is recorded once, whatever the order of the request', async () => {
  const chain = writeSmallChain('order', 16, [[1], [2], [3]]);
  const orders = fc.shuffledSubarray([...chain], { minLength: chain.length });
  await fc.assert(
    fc.asyncProperty(orders, async (backups) => {
      await using engine = await openTestEngine();
      await put(engine, bucket, chain);
      const items = backups.map((backup) => syncItemOf(backup, bucket));
      const logs = await engine.sync(items);
      expect(logs.map((log) => log.backup_sync.outcome)).toEqual(items.map(() => 'created'));
      const ended = logs.map((log) => [log.extra_info.backup?.backup_id ?? '', log.ended_at ?? ''] as const);
      const endedAt = new Map(ended);
      const times = idsOf(chain).map((id) => endedAt.get(id) ?? '');
      expect(times).toEqual(times.toSorted());
      // Their proofs were recorded too, so nothing is read again.
      const again = await engine.sync(items);
      expect(again.map((log) => log.backup_sync.outcome)).toEqual(items.map(() => 'unchanged'));
      expect(again.map((log) => log.backup_sync.requests?.gets)).toEqual(items.map(() => 0));
      expect(engine.faults).toEqual([]);
    }),
    { numRuns: 4 },
  );
});

test('with ancestors, the missing ones are imported along with their child', async () => {
  await using engine = await openTestEngine();
  const chain = writeSmallChain('ancestors', 16, [[1], [2], [3]]);
  await put(engine, bucket, chain);
  const [full, first, second, leaf] = chain;
  if (!full || !first || !second || !leaf) throw new Error('the chain has four links');
  await engine.sync([{ ...syncItemOf(first, bucket), backup_name: 'recorded before' }]);

  const child = { ...syncItemOf(leaf, bucket), resource_name: 'as the caller calls it' };
  const [log] = await importWithAncestors(engine, [child]);
  expect(log).toMatchObject({
    status: 'success',
    backup_sync: {
      outcome: 'created',
      level: 'linkage',
      message: expect.stringContaining('imports of 2 missing ancestors were accepted'),
    },
  });
  const { backups } = await engine.call('listBackups', { sort: 'protected_at:asc' });
  expect(backups.map(({ id, name, resource_name, status }) => [id, name, resource_name, status])).toEqual([
    [full.plan.backupId, 'daily-0', 'as the caller calls it', 'available'],
    [first.plan.backupId, 'recorded before', syncItemOf(first, bucket).resource_name, 'available'],
    [second.plan.backupId, 'daily-2', 'as the caller calls it', 'available'],
    [leaf.plan.backupId, 'daily-3', 'as the caller calls it', 'available'],
  ]);
  const { operation_logs: logs } = await engine.call('listOperationLogs', {});
  expect(logs).toHaveLength(4);
  for (const each of logs) {
    const { operation } = await engine.call('showOperation', { operation_id: each.id });
    const isAncestor = [full, second].some(({ plan }) => plan.backupId === operation.backup_id);
    expect(operation.parent_operation_id).toBe(isAncestor ? log?.id : null);
    expect((operation.ended_at ?? '') <= (log?.ended_at ?? '')).toBe(true);
  }
  // Proving two links reads their metadata, their hashes and their parent's; naming two ancestors reads their metadata.
  expect(log?.backup_sync.requests).toMatchObject({ lists: 1, gets: 7 });
  expect(engine.faults).toEqual([]);
});

test('a repeated request imports nothing twice', async () => {
  await using engine = await openTestEngine();
  const chain = writeSmallChain('ancestors/again', 16, [[1], [2]]);
  await put(engine, bucket, chain);
  const items = chain.slice(2).map((backup) => syncItemOf(backup, bucket));
  await importWithAncestors(engine, items);
  const [again] = await importWithAncestors(engine, items);
  expect(again?.backup_sync).toMatchObject({ outcome: 'unchanged', requests: { lists: 1, gets: 0 } });
  const { count } = await engine.call('listOperationLogs', {});
  expect(count).toBe(4);
});

test('an ancestor in another bucket is imported from there', async () => {
  await using engine = await openTestEngine();
  const chain = writeSmallChain('ancestors/elsewhere', 16, [[1], [2]]);
  const [full, first, leaf] = chain;
  if (!full || !first || !leaf) throw new Error('the chain has three links');
  await put(engine, 'other', [full, first]);
  await put(engine, bucket, [leaf]);
  // The catalogue knows the place of the parent, but not the full backup.
  await engine.sync([syncItemOf(first, 'other')]);
  const [log] = await importWithAncestors(engine, [syncItemOf(leaf, bucket)]);
  expect(log?.backup_sync).toMatchObject({ outcome: 'created', level: 'linkage' });
  const { operation_logs: logs } = await engine.call('listOperationLogs', {});
  await engine.ended(logs.map(({ id }) => id));
  const { backup } = await engine.call('showBackup', { backup_id: full.plan.backupId });
  expect(backup.backup_sync).toMatchObject({ bucket_name: 'other', level: 'linkage' });
});

test('a child whose ancestor is absent fails only for that reason, and the others are imported', async () => {
  await using engine = await openTestEngine();
  const chain = writeSmallChain('ancestors/absent', 16, [[1], [2], [3]]);
  const [full, lost, second, leaf] = chain;
  if (!full || !lost || !second || !leaf) throw new Error('the chain has four links');
  await put(engine, bucket, [full, second, leaf]);
  const logs = await importWithAncestors(
    engine,
    [leaf, full].map((backup) => syncItemOf(backup, bucket)),
  );
  expect(logs.map((log) => [log.status, log.backup_sync.reason?.code ?? null])).toEqual([
    ['failed', 'parent_broken'],
    ['success', null],
  ]);
  expect(logs[0]?.backup_sync.reason?.message).toContain(`parent "${lost.plan.backupId}"`);
  // The present ancestor is recorded, with its fault.
  const { backup } = await engine.call('showBackup', { backup_id: second.plan.backupId });
  expect(backup).toMatchObject({ status: 'error', backup_sync: { reason: { code: 'parent_missing' } } });
  expect(engine.faults).toEqual([]);
});
