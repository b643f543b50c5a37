import { expect, test } from 'vitest';
import type { WrittenBackup } from '../testing/cinder-writer.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { plainScan } from '../testing/scan-over.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { writeSmallChain } from '../testing/small-chain.ts';

const chain = writeSmallChain('outside', 8, [[1], [6]]);
const [full, first, leaf] = chain as readonly [WrittenBackup, WrittenBackup, WrittenBackup];
const leafId = leaf.plan.backupId;

/** A chain whose last link is in one bucket, and the others in the same or another one. */
async function openWorld(parentBucket: string) {
  const buckets = new Map([
    ['children', new Map(leaf.objects)],
    ['parents', new Map<string, Uint8Array>()],
  ]);
  for (const { objects } of [full, first]) {
    for (const [key, bytes] of objects) buckets.get(parentBucket)?.set(key, bytes);
  }
  const storage = openMemoryStorageUnit(buckets);
  const over = await openServicesOver(storage, 'children', { linkageMaxBytes: Number.POSITIVE_INFINITY });
  const { services, projectId } = over;
  await services.catalogue.grants.addGrant({ projectId, storageUnitId: storage.id, bucketName: 'parents', prefix: '' });
  const scan = async (bucketName: string, prefix = '') => {
    const operation = {
      ...over.newOperation({ kind: 'scan', request: { ...plainScan, prefix, sync: true } }),
      bucketName,
    };
    await services.catalogue.operations.addOperation(operation);
    await over.runOperation(operation.id);
    await over.workOnAll();
    return (await services.catalogue.operations.showOperation(projectId, operation.id))?.requests;
  };
  return {
    scan,
    parents: buckets.get(parentBucket) ?? new Map<string, Uint8Array>(),
    children: buckets.get('children') ?? new Map<string, Uint8Array>(),
    verdict: async () => {
      const record = await services.catalogue.backups.showBackup(projectId, leafId);
      return record?.fault?.code ?? record?.level;
    },
    [Symbol.asyncDispose]: () => over[Symbol.asyncDispose](),
  };
}

test.each([
  ['in another bucket', 'parents', ''],
  ['outside the prefix', 'children', leaf.imagePath],
])(
  'an ancestor lost %s breaks the backups that build on it, which are whole again once it is back',
  async (_, bucket, prefix) => {
    await using world = await openWorld(bucket);
    await world.scan(bucket);
    await world.scan('children', prefix);
    expect(await world.verdict()).toBe('linkage');
    // The listing of the scan, and one for each ancestor.
    expect(await world.scan('children', prefix)).toMatchObject({ lists: 3, gets: 0 });
    for (const { imagePath, objects } of [full, first]) {
      const key = `${imagePath}-00001`;
      world.parents.delete(key);
      await world.scan('children', prefix);
      expect(await world.verdict()).toMatch(/^parent_/);
      world.parents.set(key, objects.get(key) ?? new Uint8Array());
      await world.scan(bucket);
      expect(await world.verdict()).toBe('linkage');
    }
  },
);

test('a broken backup found whole in another bucket repairs the backups that build on it', async () => {
  await using world = await openWorld('parents');
  const key = `${full.imagePath}-00001`;
  const bytes = full.objects.get(key) ?? new Uint8Array();
  world.parents.delete(key);
  await world.scan('parents');
  await world.scan('children');
  expect(await world.verdict()).toBe('parent_broken');
  for (const [each, content] of full.objects) world.children.set(each, content);
  world.children.set(key, bytes);
  await world.scan('children');
  expect(await world.verdict()).toBe('linkage');
});
