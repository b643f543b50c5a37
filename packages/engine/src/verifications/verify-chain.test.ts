import { createHash } from 'node:crypto';
import type { Operation } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { asEarlyWriter } from '../testing/early-cinder.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts';

const bucket = 'volumebackups';

async function openWithChain(seed: string) {
  const engine = await openTestEngine();
  const chain = writeSmallChain(seed, 16, [[1], [2, 9]]);
  for (const backup of chain) await engine.buckets.put(bucket, backup.objects);
  await engine.sync(chain.map((backup) => syncItemOf(backup, bucket)));
  const [full, first, leaf] = chain;
  if (full === undefined || first === undefined || leaf === undefined) throw new Error('the chain has three links');
  return { ...engine, full, first, leaf };
}

async function verify(engine: TestEngine, backupId: string, level: 'content' | 'replay'): Promise<Operation> {
  const { operation_id } = await engine.call('verifyBackup', { backup_id: backupId, level });
  return await engine.operationEnded(operation_id);
}

const volumeHashOf = async (engine: TestEngine, backupId: string) =>
  (await engine.call('showBackup', { backup_id: backupId })).backup.backup_sync.evidence.volume_sha256;

const levelOf = async (engine: TestEngine, backupId: string) =>
  (await engine.call('showBackup', { backup_id: backupId })).backup.backup_sync.level;

test('content reads every object of the chain, and again on the next request', async () => {
  await using engine = await openWithChain('content');
  const { full, first, leaf } = engine;
  const objects = [full, first, leaf].reduce((sum, backup) => sum + backup.objects.size - 2, 0);
  const once = await verify(engine, leaf.plan.backupId, 'content');
  expect(once).toMatchObject({
    status: 'success',
    kind: 'verify',
    result: { level: 'content', links: 3, volume_sha256: null },
  });
  expect(once.requests?.gets).toBeGreaterThanOrEqual(objects);
  expect(await levelOf(engine, leaf.plan.backupId)).toBe('content');

  const again = await verify(engine, leaf.plan.backupId, 'content');
  expect(again).toMatchObject({ status: 'success', result: { level: 'content' } });
  expect(again.requests?.gets).toBeGreaterThanOrEqual(objects);
  expect(engine.faults).toEqual([]);
});

test('replay returns the SHA-256 and size of the volume, and a later sync keeps the level', async () => {
  await using engine = await openWithChain('replay');
  const { leaf } = engine;
  expect(await volumeHashOf(engine, leaf.plan.backupId)).toBeNull();
  const operation = await verify(engine, leaf.plan.backupId, 'replay');
  expect(operation).toMatchObject({
    status: 'success',
    result: {
      level: 'replay',
      volume_bytes: leaf.plan.volume.length,
      volume_sha256: createHash('sha256').update(leaf.plan.volume).digest('hex'),
    },
  });
  const [log] = await engine.sync([syncItemOf(leaf, bucket)]);
  expect(log).toMatchObject({ status: 'success', backup_sync: { outcome: 'unchanged', level: 'replay' } });
});

test.each([
  ['the backup itself', 'leaf'],
  ['the full backup that it builds on', 'full'],
] as const)('the SHA-256 of the volume stays in the evidence until %s changes', async (_, changed) => {
  await using engine = await openWithChain(`volume hash ${changed}`);
  const { leaf, full, first } = engine;
  const sha256 = createHash('sha256').update(leaf.plan.volume).digest('hex');
  const hash = () => volumeHashOf(engine, leaf.plan.backupId);
  await verify(engine, leaf.plan.backupId, 'replay');
  expect(await hash()).toBe(sha256);
  // It reads ancestors, but does not replay each of them.
  expect(await volumeHashOf(engine, first.plan.backupId)).toBeNull();
  await engine.sync([syncItemOf(leaf, bucket)]);
  await verify(engine, leaf.plan.backupId, 'content');
  expect(await hash()).toBe(sha256);
  // The same bytes written at another time are different evidence.
  await engine.buckets.put(bucket, engine[changed].objects, Date.UTC(2026, 2, 2));
  await engine.sync([full, first, leaf].map((backup) => syncItemOf(backup, bucket)));
  expect(await hash()).toBeNull();
  expect((await engine.call('showBackup', { backup_id: leaf.plan.backupId })).backup.status).toBe('available');
  await verify(engine, leaf.plan.backupId, 'replay');
  expect(await hash()).toBe(sha256);
  expect(engine.faults).toEqual([]);
});

test('a backup that is found broken no longer has a SHA-256 of its volume', async () => {
  await using engine = await openWithChain('volume hash of rot');
  const { leaf, full } = engine;
  await verify(engine, leaf.plan.backupId, 'replay');
  const key = `${full.imagePath}-00001`;
  const bytes = Uint8Array.from(full.objects.get(key) ?? []);
  bytes[7] = (bytes[7] ?? 0) ^ 1;
  await engine.buckets.put(bucket, [[key, bytes]]);
  // The fault is found through another backup, and marks the record of the last link too.
  await verify(engine, full.plan.backupId, 'content');
  const { backup } = await engine.call('showBackup', { backup_id: leaf.plan.backupId });
  expect(backup).toMatchObject({ status: 'error', backup_sync: { evidence: { volume_sha256: null } } });
});

test('a changed byte that no listing shows is found, and marks the backup and all that build on it', async () => {
  await using engine = await openWithChain('damage');
  const { full, first, leaf } = engine;
  const key = `${full.imagePath}-00001`;
  const bytes = Uint8Array.from(full.objects.get(key) ?? []);
  bytes[7] = (bytes[7] ?? 0) ^ 1;
  await engine.buckets.put(bucket, [[key, bytes]]);
  const operation = await verify(engine, leaf.plan.backupId, 'content');
  expect(operation).toMatchObject({ status: 'failed', reason: { code: 'parent_broken' }, result: { level: null } });
  expect(operation.reason?.message).toContain(full.plan.backupId);
  const show = async (backup: typeof full) =>
    (await engine.call('showBackup', { backup_id: backup.plan.backupId })).backup;
  expect(await show(full)).toMatchObject({ status: 'error', backup_sync: { reason: { code: 'content_mismatch' } } });
  expect(await show(first)).toMatchObject({ status: 'error', backup_sync: { reason: { code: 'parent_broken' } } });
  expect(await show(leaf)).toMatchObject({ status: 'error', backup_sync: { reason: { code: 'parent_broken' } } });
  // The listing is as it was, so a sync does not call it available either.
  const [log] = await engine.sync([syncItemOf(leaf, bucket)]);
  expect(log).toMatchObject({ status: 'failed', backup_sync: { outcome: 'unchanged', reason: operation.reason } });
});

test('damage that no listing shows is found in its link, and so is a repair that no listing shows', async () => {
  await using engine = await openWithChain('rot');
  const { full, leaf } = engine;
  const key = `${full.imagePath}-00001`;
  const good = full.objects.get(key) ?? new Uint8Array();
  const rotten = Uint8Array.from(good);
  rotten[3] = (rotten[3] ?? 0) ^ 1;
  const put = (bytes: Uint8Array) => engine.buckets.put(bucket, [[key, bytes]]);
  const statusOf = async (backup: typeof full) =>
    (await engine.call('showBackup', { backup_id: backup.plan.backupId })).backup.status;

  expect((await verify(engine, leaf.plan.backupId, 'replay')).status).toBe('success');
  await put(rotten);
  expect((await verify(engine, leaf.plan.backupId, 'replay')).status).toBe('failed');
  expect([await statusOf(full), await statusOf(leaf)]).toEqual(['error', 'error']);
  await put(good);
  expect((await verify(engine, leaf.plan.backupId, 'replay')).status).toBe('success');
  expect((await verify(engine, full.plan.backupId, 'content')).status).toBe('success');
  expect([await statusOf(full), await statusOf(leaf)]).toEqual(['available', 'available']);
});

/** The same object with one byte changed. */
function damage(backup: { readonly imagePath: string; readonly objects: ReadonlyMap<string, Uint8Array> }) {
  const key = `${backup.imagePath}-00001`;
  const good = backup.objects.get(key) ?? new Uint8Array();
  const bad = Uint8Array.from(good);
  bad[3] = (bad[3] ?? 0) ^ 1;
  return { good: [[key, good]] as const, bad: [[key, bad]] as const };
}

test('a verification that reads repaired ancestors makes their records available too', async () => {
  await using engine = await openWithChain('repaired ancestors');
  const { full, first, leaf } = engine;
  const { good, bad } = damage(full);
  const stateOf = async ({ plan }: typeof full) => {
    const { backup } = await engine.call('showBackup', { backup_id: plan.backupId });
    return [backup.status, backup.backup_sync.level, backup.backup_sync.reason?.code ?? null];
  };
  await engine.buckets.put(bucket, bad);
  expect((await verify(engine, leaf.plan.backupId, 'content')).status).toBe('failed');
  expect(await stateOf(full)).toEqual(['error', 'linkage', 'content_mismatch']);
  await engine.buckets.put(bucket, good);
  expect((await verify(engine, leaf.plan.backupId, 'content')).status).toBe('success');
  for (const link of [full, first, leaf]) expect(await stateOf(link)).toEqual(['available', 'content', null]);
  expect(engine.faults).toEqual([]);
});

test('a verification that ends at a broken link makes the links below it available again', async () => {
  await using engine = await openWithChain('half repaired');
  const { full, first, leaf } = engine;
  const reasonOf = async ({ plan }: typeof full) =>
    (await engine.call('showBackup', { backup_id: plan.backupId })).backup.backup_sync.reason?.code ?? null;
  await engine.buckets.put(bucket, damage(full).bad);
  await engine.buckets.put(bucket, damage(first).bad);
  await verify(engine, leaf.plan.backupId, 'content');
  expect([await reasonOf(full), await reasonOf(first)]).toEqual(['content_mismatch', 'parent_broken']);
  await engine.buckets.put(bucket, damage(full).good);
  expect(await verify(engine, leaf.plan.backupId, 'content')).toMatchObject({ reason: { code: 'parent_broken' } });
  expect(await reasonOf(full)).toBeNull();
  // An import, which the record of the full backup has caused, finds the fault of this link.
  await expect.poll(() => reasonOf(first)).toBe('content_mismatch');
  expect(await reasonOf(leaf)).toBe('parent_broken');
  expect(engine.faults).toEqual([]);
});

test('an ancestor with damaged data stays broken if a verification ends before it reads data', async () => {
  await using engine = await openWithChain('ends before data');
  const { full, leaf } = engine;
  const reasonOf = async ({ plan }: typeof full) =>
    (await engine.call('showBackup', { backup_id: plan.backupId })).backup.backup_sync.reason?.code ?? null;
  await engine.buckets.put(bucket, damage(full).bad);
  await verify(engine, leaf.plan.backupId, 'content');
  await engine.buckets.remove(bucket, `${leaf.imagePath}-00001`);
  expect(await verify(engine, leaf.plan.backupId, 'content')).toMatchObject({ reason: { code: 'object_missing' } });
  const [log] = await engine.sync([syncItemOf(full, bucket)]);
  expect(log).toMatchObject({ status: 'failed', backup_sync: { reason: { code: 'content_mismatch' } } });
  expect(await reasonOf(full)).toBe('content_mismatch');
});

test('an ancestor with damaged data stays broken if the objects that locate the data are damaged too', async () => {
  await using engine = await openWithChain('nothing to read');
  const { full, leaf } = engine;
  await engine.buckets.put(bucket, damage(full).bad);
  await verify(engine, leaf.plan.backupId, 'content');
  const hashes = `${leaf.imagePath}_sha256file`;
  const bytes = Uint8Array.from(leaf.objects.get(hashes) ?? []);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await engine.buckets.put(bucket, [[hashes, bytes]]);
  const operation = await verify(engine, leaf.plan.backupId, 'content');
  expect(operation).toMatchObject({ reason: { code: 'metadata_unreadable' } });
  const [log] = await engine.sync([syncItemOf(full, bucket)]);
  expect(log).toMatchObject({ status: 'failed', backup_sync: { reason: { code: 'content_mismatch' } } });
});

test('backups on a repaired link that are not verified themselves become available too', async () => {
  await using engine = await openWithChain('siblings');
  const { full, first, leaf } = engine;
  const statusOf = async ({ plan }: typeof full) =>
    (await engine.call('showBackup', { backup_id: plan.backupId })).backup.status;
  await engine.buckets.put(bucket, damage(full).bad);
  await verify(engine, full.plan.backupId, 'content');
  expect(await statusOf(leaf)).toBe('error');
  await engine.buckets.put(bucket, damage(full).good);
  await verify(engine, first.plan.backupId, 'content');
  expect([await statusOf(full), await statusOf(first)]).toEqual(['available', 'available']);
  await expect.poll(() => statusOf(leaf)).toBe('available');
  expect(engine.faults).toEqual([]);
});

test('a repaired backup without block hashes stays available when it is synced again', async () => {
  await using engine = await openTestEngine();
  const [written] = writeSmallChain('early writer', 16, []);
  if (written === undefined) throw new Error('the chain has a link');
  const early = asEarlyWriter(written);
  await engine.buckets.put(bucket, early.objects);
  await engine.sync([syncItemOf(early, bucket)]);
  const { good, bad } = damage(early);
  await engine.buckets.put(bucket, bad);
  expect(await verify(engine, early.plan.backupId, 'content')).toMatchObject({ reason: { code: 'content_mismatch' } });
  await engine.buckets.put(bucket, good);
  expect((await verify(engine, early.plan.backupId, 'content')).status).toBe('success');
  expect(await engine.sync([syncItemOf(early, bucket)])).toMatchObject([{ status: 'success' }]);
});

test('a replayed record keeps its level when its content is read again', async () => {
  await using engine = await openWithChain('fall-back');
  const { leaf } = engine;
  await verify(engine, leaf.plan.backupId, 'replay');
  expect(await verify(engine, leaf.plan.backupId, 'content')).toMatchObject({
    status: 'success',
    result: { level: 'content' },
  });
  expect(await levelOf(engine, leaf.plan.backupId)).toBe('replay');
});

test('a backup in an unknown format cannot be verified, and the reason says why', async () => {
  await using engine = await openTestEngine();
  await engine.buckets.put('bucket', [['a/b/disk', 'bytes']]);
  const item = {
    backup_id: 'opaque',
    backup_name: 'opaque',
    bucket_name: 'bucket',
    image_path: 'a/b',
    resource_id: 'server',
    resource_name: 'server',
    resource_type: 'OS::VMware::Server',
    created_at: 1,
  };
  await engine.sync([item]);
  const operation = await verify(engine, 'opaque', 'content');
  expect(operation).toMatchObject({ status: 'failed', reason: { code: 'format_unknown' } });
  const { backup } = await engine.call('showBackup', { backup_id: 'opaque' });
  expect(backup).toMatchObject({ status: 'available', backup_sync: { level: 'presence' } });
});

test('verifying a backup that is not recorded is refused', async () => {
  await using engine = await openTestEngine();
  await expect(engine.call('verifyBackup', { backup_id: 'nobody', level: 'content' })).rejects.toMatchObject({
    code: 'backup_not_found',
  });
});
