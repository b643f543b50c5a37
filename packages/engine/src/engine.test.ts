import { BackupSyncError } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { syncItemOf, writeSmallChain } from './testing/small-chain.ts';
import { openTestEngine } from './testing/test-engine.ts';

const bucket = 'volumebackups';

/** An engine over a bucket with one chain. */
async function openWithChain(seed: string, changes: readonly (readonly number[])[], clock?: Clock) {
  const engine = await openTestEngine(clock);
  const chain = writeSmallChain(seed, 16, changes);
  for (const backup of chain) await engine.buckets.put(bucket, backup.objects);
  const show = async (backupId: string) => (await engine.call('showBackup', { backup_id: backupId })).backup;
  return { ...engine, chain, items: chain.map((backup) => syncItemOf(backup, bucket)), show };
}

describe('a recorded backup', () => {
  test('is not available once a later import has found its chain broken', async () => {
    await using engine = await openWithChain('spread', [[1], [2]]);
    const { buckets, chain, items } = engine;
    const [full, first, second] = items;
    if (full === undefined || first === undefined || second === undefined) throw new Error('the chain has three links');
    await engine.sync([full, first]);
    expect(await engine.show(first.backup_id)).toMatchObject({
      status: 'available',
      backup_sync: { level: 'linkage' },
    });

    await buckets.remove(bucket, `${chain[0]?.imagePath}-00001`);
    expect(await engine.sync([second])).toMatchObject([
      { status: 'failed', backup_sync: { reason: { code: 'parent_broken' } } },
    ]);
    expect(await engine.show(full.backup_id)).toMatchObject({
      status: 'error',
      backup_sync: { level: 'metadata', reason: { code: 'object_missing' } },
    });
    const child = await engine.show(first.backup_id);
    expect(child).toMatchObject({ status: 'error', backup_sync: { reason: { code: 'parent_broken' } } });
    expect(child.backup_sync.reason?.message).toContain(`: link ${full.backup_id} (`);
    expect(engine.faults).toEqual([]);
  });

  test('is available again once the bucket is repaired', async () => {
    await using engine = await openWithChain('mended', [[1]]);
    const { buckets, chain, items } = engine;
    const [full] = chain;
    const key = `${full?.imagePath}-00001`;
    const bytes = full?.objects.get(key) ?? '';
    await engine.sync(items);
    await buckets.remove(bucket, key);
    expect((await engine.sync(items)).map(({ status }) => status)).toEqual(['failed', 'failed']);
    await buckets.put(bucket, [[key, bytes]]);
    const mended = await engine.sync(items);
    expect(mended.map((log) => [log.status, log.backup_sync.outcome])).toEqual([
      ['success', 'verified'],
      ['success', 'verified'],
    ]);
  });
});

describe('requests to storage', () => {
  test('are one LIST and two GETs per link for a new chain, and one LIST for an unchanged one', async () => {
    await using engine = await openWithChain('economy', [[1], [5]]);
    const { items } = engine;
    const count = (logs: Awaited<ReturnType<typeof engine.sync>>) => [
      logs.reduce((sum, { backup_sync: { requests } }) => sum + (requests?.lists ?? 0), 0),
      logs.reduce((sum, { backup_sync: { requests } }) => sum + (requests?.gets ?? 0), 0),
    ];
    expect(count(await engine.sync(items))).toEqual([1, 6]);
    expect(count(await engine.sync(items))).toEqual([1, 0]);
  });
});

describe('the same item', () => {
  test('in flight returns the same operation, and another item for the same backup waits for it', async () => {
    await using engine = await openWithChain('in-flight', []);
    const { items } = engine;
    const [item] = items;
    if (item === undefined) throw new Error('the chain has a full backup');
    const call = (name: string) => engine.call('syncBackups', { sync: [{ ...item, backup_name: name }] });
    const [one, same, other] = await Promise.all([call('one'), call('one'), call('two')]);
    expect(same.sync).toEqual(one.sync);
    expect(other.sync[0]?.operation_log_id).not.toBe(one.sync[0]?.operation_log_id);
    await engine.sync([{ ...item, backup_name: 'two' }]);
    expect(await engine.show(item.backup_id)).toMatchObject({ name: 'two' });
  });
});

describe('a caller', () => {
  test('without the required role or project is refused before the input is checked', async () => {
    await using engine = await openTestEngine();
    const from = (role: 'reader' | 'operator', projectId: string) => ({
      caller: { kind: 'user', name: 'ada', projectId, role } as const,
      requestId: 'r',
    });
    const call = (role: 'reader' | 'operator', projectId: string) =>
      engine.engine.call('syncBackups', from(role, projectId), { project_id: engine.projectId, sync: 'nonsense' });
    await expect(call('reader', engine.projectId)).rejects.toMatchObject({ code: 'role_not_allowed' });
    await expect(call('operator', 'another')).rejects.toMatchObject({ code: 'project_not_allowed' });
    await expect(call('operator', engine.projectId)).rejects.toBeInstanceOf(BackupSyncError);
    await expect(call('operator', engine.projectId)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('an operation that runs out of time', () => {
  test('ends as timeout, and others continue', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    let passesMs = 0;
    const nowAndPass = () => {
      const taken = nowMs;
      nowMs += passesMs;
      return taken;
    };
    await using engine = await openWithChain('deadline', [[1]], { nowMs: nowAndPass, monotonicMs: () => nowMs });
    const [full, increment] = engine.items;
    if (full === undefined || increment === undefined) throw new Error('the chain has two links');
    // More than a day passes between two reads of the clock: when the operation is accepted and when it begins.
    passesMs = 25 * 60 * 60 * 1000;
    const { sync } = await engine.call('syncBackups', { sync: [full] });
    const [old] = await engine.ended(sync.map((each) => each.operation_log_id));
    passesMs = 0;
    const [fresh] = await engine.sync([increment]);
    expect([old?.status, fresh?.status]).toEqual(['timeout', 'success']);
  });
});
