import type { BackupSync } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../storage/filesystem/filesystem-storage-unit.ts';
import { openS3StorageUnit } from '../storage/s3/s3-storage-unit.ts';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { logListings } from '../testing/logged-listings.ts';
import { syncItemOfManifest } from '../testing/manifest-writer.ts';
import { startS3Server } from '../testing/s3-test-server.ts';
import { chainOfItem, openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { writeSmallManifestChain } from '../testing/small-manifest-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts';
import { acceptImports } from './accept-imports.ts';
import { importChain } from './import-chain.ts';

const chain = writeSmallChain('elsewhere', 16, [[1], [2]]);
const [full, middle, leaf] = chain as readonly [WrittenBackup, WrittenBackup, WrittenBackup];
/** Puts each link in a separate bucket. */
const items = [syncItemOf(full, 'first'), syncItemOf(middle, 'second'), syncItemOf(leaf, 'third')] as const;

async function put(engine: TestEngine): Promise<void> {
  for (const [index, backup] of chain.entries()) {
    await engine.buckets.put(items[index]?.bucket_name ?? '', backup.objects);
  }
}

const outcomesOf = (
  logs: readonly { readonly backup_sync: { readonly outcome: unknown; readonly level: unknown } }[],
) => logs.map(({ backup_sync: { outcome, level } }) => [outcome, level]);

/** Every order of the three items. */
const orders = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
].map((order) => order.map((index) => items[index] as BackupSync));

describe('a chain whose links are in three buckets, in one request', () => {
  test.each(orders.map((order) => [order.map((item) => item.bucket_name).join(', '), order] as const))(
    'is whole in the order %s, and the plan says so',
    async (_, order) => {
      await using engine = await openTestEngine();
      await put(engine);
      const { plan } = await engine.call('planSync', { sync: order });
      expect(plan.map((item) => [item.class, item.outcome])).toEqual(order.map(() => ['new', 'created']));
      expect(outcomesOf(await engine.sync(order))).toEqual(order.map(() => ['created', 'linkage']));
      expect(outcomesOf(await engine.sync(order))).toEqual(order.map(() => ['unchanged', 'linkage']));
      expect(engine.faults).toEqual([]);
    },
  );

  test('is whole in the manifest format too', async () => {
    const [parent, child] = writeSmallManifestChain('elsewhere', 16, [[1]]);
    if (parent === undefined || child === undefined) throw new Error('the chain has two links');
    const sync = [syncItemOfManifest(child, 'second'), syncItemOfManifest(parent, 'first')];
    await using engine = await openTestEngine();
    await engine.buckets.put('first', parent.objects);
    await engine.buckets.put('second', child.objects);
    const { plan } = await engine.call('planSync', { sync });
    expect(plan.map((item) => item.outcome)).toEqual(['created', 'created']);
    expect(outcomesOf(await engine.sync(sync))).toEqual(sync.map(() => ['created', 'linkage']));
  });

  test('is whole on S3, whether the child is examined before or after its parent', async () => {
    const objectsOf = (backup: WrittenBackup) => Object.fromEntries(backup.objects);
    await using server = await startS3Server({
      first: objectsOf(full),
      second: objectsOf(middle),
      third: objectsOf(leaf),
    });
    for (const order of orders) {
      await using storage = await openS3StorageUnit({ id: 'here', ...server.options });
      await using over = await openServicesOver(storage, 'first');
      const { services, projectId, worker } = over;
      for (const bucketName of ['second', 'third']) {
        await services.catalogue.grants.addGrant({ projectId, storageUnitId: 'here', bucketName, prefix: '' });
      }
      const actor = { kind: 'system', name: 'ada' } as const;
      const origin = {
        projectId,
        actor,
        requestId: 'request-1',
        parentOperationId: null,
        withAncestors: false,
        lane: null,
      };
      const imports = items.map((item) => ({ item, proofsNotBeforeMs: null }));
      const accepted = await acceptImports(
        { ...services, work: { ...services.work, linkageMaxBytes: 2 ** 30 } },
        imports,
        origin,
      );
      const chainOf = new Map(
        accepted.map((each) => [each.item.backup_id, chainOfItem(services, projectId, each.item)]),
      );
      for (const item of order) {
        const key = chainOf.get(item.backup_id);
        if (key === undefined) throw new Error('each item was accepted');
        await importChain(
          { ...worker, services: { ...services, work: { ...services.work, linkageMaxBytes: 2 ** 30 } } },
          key,
          {
            signal: services.world.stopping,
            storage: services.work.storage,
          },
        );
      }
      for (const { id } of accepted) {
        const operation = await services.catalogue.operations.showOperation(projectId, id);
        expect(operation).toMatchObject({ status: 'success', outcome: 'created', level: 'linkage' });
      }
      expect(over.faults).toEqual([]);
    }
  });
});

describe('a parent that is not in the request', () => {
  test('is found in a bucket that a grant, a source or a record names', async () => {
    await using engine = await openTestEngine();
    await put(engine);
    const unrelated = writeSmallChain('elsewhere/unrelated', 8, [])[0];
    if (unrelated === undefined) throw new Error('the chain has one link');
    await engine.buckets.put('first', unrelated.objects);
    // Nothing names the buckets of its ancestors.
    const [missing] = await engine.sync([items[2]]);
    expect(missing?.backup_sync.reason?.code).toBe('parent_missing');
    const { backup } = await engine.call('showBackup', { backup_id: leaf.plan.backupId });
    expect(backup).toMatchObject({ parent_id: middle.plan.backupId, status: 'error' });

    await engine.call('addSource', { name: 'second', bucket_name: 'second' });
    const [still] = await engine.sync([items[2]]);
    expect(still?.backup_sync.reason).toMatchObject({ code: 'parent_broken' });
    expect(still?.backup_sync.reason?.message).toContain(full.plan.backupId);

    await engine.sync([syncItemOf(unrelated, 'first')]);
    const [whole] = await engine.sync([items[2]]);
    expect(whole?.backup_sync).toMatchObject({ outcome: 'verified', level: 'linkage', reason: null });
    expect(engine.faults).toEqual([]);
  });
});

test('a bucket with a grant for another folder is not searched, and the verdict does not depend on it', async () => {
  await using buckets = await makeTestBuckets();
  await buckets.put('first', full.objects);
  await buckets.put('second', middle.objects);
  await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  const { unit, listings } = logListings(storage);
  await using over = await openServicesOver(unit, 'second');
  const { services, projectId, worker } = over;
  const grant = { projectId, storageUnitId: 'here', bucketName: 'first' };
  const actor = { kind: 'system', name: 'ada' } as const;
  const origin = { projectId, actor, parentOperationId: null, withAncestors: false, lane: null };
  for (const [prefix, fault, asked] of [
    ['another-folder/', { code: 'parent_missing' }, false],
    ['', null, true],
  ] as const) {
    await services.catalogue.grants.addGrant({ ...grant, prefix });
    const imports = [{ item: items[1], proofsNotBeforeMs: null }];
    const [accepted] = await acceptImports(services, imports, { ...origin, requestId: `granted ${prefix}` });
    if (accepted === undefined) throw new Error('one item was accepted');
    await importChain(worker, chainOfItem(services, projectId, accepted.item), {
      signal: services.world.stopping,
      storage: services.work.storage,
    });
    expect(await services.catalogue.operations.showOperation(projectId, accepted.id)).toMatchObject({ fault });
    expect(listings.some((listing) => listing.endsWith('first'))).toBe(asked);
  }
});

test('the jobs of one run search a bucket once for a volume, and the jobs of another run search again', async () => {
  await using buckets = await makeTestBuckets();
  await buckets.put('first', [['unrelated', 'x']]);
  for (const backup of [middle, leaf]) await buckets.put('second', backup.objects);
  await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  const { unit, listings } = logListings(storage);
  await using over = await openServicesOver(unit, 'second');
  const { services, projectId, worker } = over;
  await services.catalogue.grants.addGrant({ projectId, storageUnitId: 'here', bucketName: 'first', prefix: '' });
  const actor = { kind: 'system', name: 'ada' } as const;
  const asked: number[] = [];
  for (const [parentOperationId, backup] of [
    ['run-1', middle],
    ['run-1', leaf],
    ['run-2', leaf],
  ] as const) {
    const imports = [{ item: syncItemOf(backup, 'second'), proofsNotBeforeMs: null }];
    const origin = { projectId, actor, requestId: 'request-1', parentOperationId, withAncestors: false, lane: null };
    const [accepted] = await acceptImports(services, imports, origin);
    if (accepted === undefined) throw new Error('one item was accepted');
    await importChain(worker, chainOfItem(services, projectId, accepted.item), {
      signal: services.world.stopping,
      storage: services.work.storage,
    });
    asked.push(listings.filter((listing) => listing === 'folders of first').length);
  }
  expect(asked).toEqual([1, 1, 2]);
  expect(listings).not.toContain('objects of first');
});

test('a chain that leads through two buckets back to itself is a cycle', async () => {
  // Each names the other as its parent.
  const [one] = writeSmallChain('elsewhere/cycle', 8, [[1]]) as readonly [WrittenBackup];
  const [, two] = writeSmallChain('elsewhere/cycle', 8, [[1]]) as readonly [WrittenBackup, WrittenBackup];
  const metadataKey = `${one.imagePath}_metadata`;
  const metadata = Buffer.from(one.objects.get(metadataKey) ?? []).toString();
  const objects = new Map(one.objects);
  objects.set(metadataKey, Buffer.from(metadata.replace('"parent_id": null', `"parent_id": "${two.plan.backupId}"`)));
  await using engine = await openTestEngine();
  await engine.buckets.put('first', objects);
  await engine.buckets.put('second', two.objects);
  const logs = await engine.sync([syncItemOf(one, 'first'), syncItemOf(two, 'second')]);
  expect(logs.map((log) => log.backup_sync.reason?.code)).toEqual(['cycle', 'cycle']);
});
