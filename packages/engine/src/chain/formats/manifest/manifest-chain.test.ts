import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { syncItemOfManifest, type WrittenManifest, writeManifestBackup } from '../../../testing/manifest-writer.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { writeSmallManifestChain } from '../../../testing/small-manifest-chain.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import { type StoredObject, volumesOf } from '../../data.ts';
import { PathListings } from '../../path-listings.ts';
import { manifestFormat, openManifestChain } from './manifest-format.ts';

const bucketName = 'backups';
const chain = writeSmallManifestChain('whole', 16, [[0, 1, 9], [], [15]]);
const items = chain.map((backup) => syncItemOfManifest(backup, bucketName));
const [full, first, second, leaf] = chain as readonly [
  WrittenManifest,
  WrittenManifest,
  WrittenManifest,
  WrittenManifest,
];

async function store(backups: readonly WrittenManifest[], bucket = bucketName) {
  const buckets = await makeTestBuckets();
  for (const backup of backups) await buckets.put(bucket, backup.objects);
  const unit = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  return { buckets, ...countRequests(unit), [Symbol.asyncDispose]: () => buckets[Symbol.asyncDispose]() };
}

/** A copy of a backup at another place, or whose manifest names another place for its parent. */
function moveTo(backup: WrittenManifest, changes: Partial<WrittenManifest['plan']>): WrittenManifest {
  return writeManifestBackup({ ...backup.plan, ...changes });
}

describe('a whole chain', () => {
  test('is proved to linkage in every link, in any order of requests', async () => {
    await using stored = await store(chain);
    for (const order of [items, items.toReversed()]) {
      for (const examination of await examineBackups(stored.unit, order)) {
        expect(examination).toMatchObject({ format: 'manifest', level: 'linkage', fault: null, limit: null });
        expect(examination?.volumeBytes).toBe(16 * 512 - 100);
      }
    }
  });

  test('is whole after any changes, in trees and with shorter children', async () => {
    const steps = fc.array(
      fc.record({ changed: fc.array(fc.nat(9), { maxLength: 5 }), cutBytes: fc.nat(700), parent: fc.nat(4) }),
      { maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1500, max: 5000 }), async (history, volumeBytes) => {
        const tree: WrittenManifest[] = [];
        for (const [day, { changed, cutBytes, parent }] of [
          { changed: [], cutBytes: 0, parent: 0 },
          ...history,
        ].entries()) {
          const base = tree[parent % Math.max(1, tree.length)];
          const before = base?.plan.volume ?? seededBytes('volume', volumeBytes);
          const volume = before.slice(0, Math.max(1, before.length - cutBytes));
          for (const block of changed) {
            const room = volume.subarray(block * 512, (block + 1) * 512);
            room.set(seededBytes(`${day}/${block}`, room.length));
          }
          const place = { backupId: `b${day}`, imagePath: `disk/b${day}`, createdAtMs: Date.UTC(2026, 2, 1 + day) };
          const plan = { ...place, volume, objectBytes: 2048, blockBytes: 512 };
          tree.push(writeManifestBackup(base === undefined ? plan : { ...plan, parent: base }));
        }
        await using stored = await store(tree);
        const treeItems = tree.map((backup) => syncItemOfManifest(backup, bucketName));
        for (const [day, one] of (await examineBackups(stored.unit, treeItems)).entries()) {
          expect(one).toMatchObject({ level: 'linkage', fault: null, volumeBytes: tree[day]?.plan.volume.length });
        }
      }),
      { numRuns: 25 },
    );
  });

  test('costs one listing and two reads for each link', async () => {
    await using stored = await store(chain);
    await examineBackups(stored.unit, items.toReversed());
    expect(stored.count()).toMatchObject({ lists: 4, gets: 8 });
  });

  test('reads nothing while it is unchanged, and only a new increment and its parent if one is added', async () => {
    await using stored = await store(chain.slice(0, 3));
    const memory = rememberProofs();
    const proved = await examineBackups(stored.unit, items.slice(2, 3));
    expect(proved[0]?.newProofs).toHaveLength(3);
    memory.remember(proved);
    const before = stored.count();
    const again = await examineBackups(stored.unit, items.slice(2, 3), { findProofs: memory.findProofs });
    expect(again).toEqual(proved.map((one) => ({ ...one, newProofs: [] })));
    expect(stored.count()).toMatchObject({ lists: before.lists + 3, gets: before.gets });
    await stored.buckets.put(bucketName, leaf.objects);
    const grown = await examineBackups(stored.unit, items.slice(3), { findProofs: memory.findProofs });
    expect(grown[0]).toMatchObject({ level: 'linkage' });
    expect(grown[0]?.newProofs).toHaveLength(1);
    expect(stored.count().gets).toBe(before.gets + 4);
  });

  test('is described as in its manifest', async () => {
    await using stored = await store(chain);
    const context = chainContext(stored.unit, bucketName, []);
    const key = `${leaf.imagePath}/manifest.json`;
    expect(manifestFormat.partOf(key)).toEqual({ imagePath: leaf.imagePath, markKey: key });
    expect(await manifestFormat.describe(context, leaf.imagePath)).toEqual({
      backupId: 'whole-3',
      originalName: 'backup whole-3',
      resourceId: 'vm-7/disk-0',
      resourceName: 'mail disk',
      resourceType: 'Example::Volume',
      createdAtS: Date.UTC(2026, 2, 4, 2) / 1000,
      parentBackupId: 'whole-2',
    });
  });

  test('returns its stored objects, full backup first', async () => {
    await using stored = await store(chain);
    const context = chainContext(stored.unit, bucketName, []);
    const opened = openManifestChain({ ...context, listings: new PathListings(context) });
    const [, , , item] = items;
    if (item === undefined) throw new Error('there is a fourth backup');
    const data = await opened.openData(item);
    expect(data?.links.map((link) => link.backupId)).toEqual(['whole-0', 'whole-1', 'whole-2', 'whole-3']);
    for (const [index, link] of (data === null ? undefined : volumesOf(data)[0])?.volume.links.entries() ?? []) {
      const objects: StoredObject[] = [];
      for await (const batch of link.objects()) objects.push(...batch.filter((object) => object.key !== null));
      const named = chain[index]?.manifest.objects ?? [];
      expect(objects.map(({ offset, length, compression }) => ({ offset, length, compression }))).toEqual(
        named.map(({ offset, length, compression }) => ({ offset, length, compression })),
      );
      expect(objects.map(({ plainDigest }) => plainDigest?.hex)).toEqual(named.map(({ sha256 }) => sha256));
      const hashes: Uint8Array[] = [];
      for await (const batch of link.blocks?.hashes() ?? []) hashes.push(batch);
      expect(Buffer.concat(hashes).toString('hex')).toBe(chain[index]?.hashes.join(''));
      expect(link).toMatchObject({ volumeBytes: 16 * 512 - 100, blocks: { bytes: 512 } });
    }
  });
});

describe('a parent', () => {
  test.each([
    ['at the path that the manifest says', { image_path: 'archive/x' }, bucketName],
    ['in the bucket that the manifest says', { bucket_name: 'other', image_path: 'archive/x' }, 'other'],
  ])('is found %s', async (_, parentPlace, bucket) => {
    const parent = moveTo(full, { imagePath: 'archive/x' });
    const child = moveTo(first, { parentPlace });
    await using stored = await store([child]);
    await stored.buckets.put(bucket, parent.objects);
    const [examination] = await examineBackups(stored.unit, [syncItemOfManifest(child, bucketName)]);
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });

  test('is found where the catalogue knows it, even if another backup is where the manifest says', async () => {
    const parent = moveTo(full, { imagePath: 'archive/x' });
    const child = moveTo(first, { parentPlace: { image_path: leaf.imagePath } });
    await using stored = await store([child, leaf, parent]);
    const [examination] = await examineBackups(stored.unit, [syncItemOfManifest(child, bucketName)], {
      locate: async () => [{ storageUnitId: 'here', bucketName, imagePath: 'archive/x' }],
    });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });

  test('is the readable one, even if an unfinished one is where the manifest says', async () => {
    const half = moveTo(full, { imagePath: 'archive/half' });
    const child = moveTo(first, { parentPlace: { image_path: 'archive/half' } });
    await using stored = await store([child, full, half]);
    await stored.buckets.put(bucketName, [['archive/half/manifest.json', '{"format": "backup-sync-manifest", ']]);
    const [examination] = await examineBackups(stored.unit, [syncItemOfManifest(child, bucketName)]);
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });

  test('is found at the same path in another bucket of the project, but only of the same resource', async () => {
    const manifest = JSON.stringify({ ...full.manifest, resource: { ...full.manifest.resource, id: 'another disk' } });
    const foreign = { objects: new Map([...full.objects, [`${full.imagePath}/manifest.json`, Buffer.from(manifest)]]) };
    for (const [parent, code] of [
      [full, undefined],
      [foreign, 'parent_missing'],
    ] as const) {
      await using stored = await store([first]);
      await stored.buckets.put('other', parent.objects);
      const [examination] = await examineBackups(stored.unit, [syncItemOfManifest(first, bucketName)], {
        projectBuckets: async () => ['absent', bucketName, 'other'],
      });
      expect(examination?.fault?.code).toBe(code);
    }
  });

  test('that is broken lowers its children to its own level, and they say which link is at fault', async () => {
    await using stored = await store(chain);
    await stored.buckets.remove(bucketName, `${full.imagePath}/data/000002`);
    const [examination] = await examineBackups(stored.unit, items.slice(2, 3));
    expect(examination).toMatchObject({ level: 'metadata', fault: { code: 'parent_broken' } });
    expect(examination?.fault?.detail).toContain(full.imagePath);
  });

  test('that comes back makes the chain whole again, despite the recorded proof without it', async () => {
    await using stored = await store([first, second]);
    const memory = rememberProofs();
    const without = await examineBackups(stored.unit, items.slice(2, 3));
    expect(without[0]).toMatchObject({ level: null, fault: { code: 'parent_broken' } });
    memory.remember(without);
    await stored.buckets.put(bucketName, full.objects);
    const [examination] = await examineBackups(stored.unit, items.slice(2, 3), { findProofs: memory.findProofs });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });
});

describe('the objects at the path decide', () => {
  const path = 'disks/other';
  const item = { ...syncItemOfManifest(full, bucketName), image_path: path };

  test.each([
    ['another program’s manifest.json', { 'manifest.json': '{"files":[]}', 'a.img': 'x' }],
    ['a manifest.json that is not JSON', { 'manifest.json': '<x>' }],
  ])('%s is of an unknown format', async (_, files) => {
    await using stored = await store([]);
    await stored.buckets.put(
      bucketName,
      Object.entries(files).map(([name, text]) => [`${path}/${name}`, text] as const),
    );
    const [examination] = await examineBackups(stored.unit, [item]);
    expect(examination).toMatchObject({ format: 'unknown', level: 'presence', fault: null });
    expect(stored.count()).toMatchObject({ lists: 1 });
  });

  test('block hashes alone mean that a backup is being written', async () => {
    await using stored = await store([]);
    await stored.buckets.put(bucketName, [[`${path}/block-hashes.bin`, 'x'.repeat(32)]]);
    const [examination] = await examineBackups(stored.unit, [item]);
    expect(examination).toMatchObject({ format: 'manifest', level: null, fault: { code: 'incomplete' } });
  });

  test.each([
    ['another backup', { backup_id: 'x' }, 'identity_mismatch'],
    ['another resource', { resource_id: 'x' }, 'identity_mismatch'],
    ['a server, whose id is not the volume’s', { resource_id: 'x', resource_type: 'OS::Native::Server' }, undefined],
  ])('a request for %s', async (_, changes, code) => {
    await using stored = await store([full]);
    const [examination] = await examineBackups(stored.unit, [{ ...syncItemOfManifest(full, bucketName), ...changes }]);
    expect(examination?.fault?.code).toBe(code);
    expect(examination?.contradictsRequest).toBe(code !== undefined);
  });
});
