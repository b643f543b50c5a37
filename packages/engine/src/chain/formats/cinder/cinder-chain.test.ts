import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import type { StorageUnit } from '../../../storage/port.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { type WrittenBackup, writeCinderBackup } from '../../../testing/cinder-writer.ts';
import { seededBytes, seededUuid } from '../../../testing/seeded-bytes.ts';
import { syncItemOf, writeSmallChain } from '../../../testing/small-chain.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import type { ChainContext } from '../../chain-context.ts';
import { openChain } from '../../examiner.ts';
import type { EdgeProof, Examination } from '../../proof/link.ts';
import { openCinderChain } from './cinder-format.ts';
import { retentionCost } from './link-listing.ts';
import { VolumeFolders } from './volume-folders.ts';

const bucketName = 'backups';

/** Examines backups in one run, in the order given. */
async function examineAll(
  storage: StorageUnit,
  backups: readonly WrittenBackup[],
  changes: Partial<ChainContext> = {},
): Promise<readonly (Examination | null)[]> {
  const imagePaths = backups.map(({ imagePath }) => imagePath);
  const chain = await openChain(chainContext(storage, bucketName, imagePaths, changes));
  const examinations: (Examination | null)[] = [];
  for (const backup of backups) examinations.push(await chain.examine(syncItemOf(backup, bucketName)));
  return examinations;
}

async function storeChain(backups: readonly WrittenBackup[], bucket = bucketName) {
  const buckets = await makeTestBuckets();
  for (const backup of backups) await buckets.put(bucket, backup.objects);
  return buckets;
}

function openUnit(directory: string): Promise<StorageUnit> {
  return openFilesystemStorageUnit({ id: 'here', directory });
}

/** Remembers proofs as a catalogue does: the newest of each backup. */
function rememberProofs() {
  const proofs = new Map<string, EdgeProof>();
  return {
    remember(examinations: readonly (Examination | null)[]) {
      for (const proof of examinations.flatMap((one) => one?.newProofs ?? [])) proofs.set(proof.backupId, proof);
    },
    findProofs: async (ids: readonly string[]) =>
      ids.map((id) => proofs.get(id)).filter((proof) => proof !== undefined),
  };
}

describe('a whole chain', () => {
  const chain = writeSmallChain('whole', 16, [[0, 1, 9], [], [15]]);

  test('is proved to linkage in every link, in any order of requests', async () => {
    await using buckets = await storeChain(chain);
    await using storage = await openUnit(buckets.directory);
    for (const order of [chain, chain.toReversed()]) {
      for (const examination of await examineAll(storage, order)) {
        expect(examination).toMatchObject({ format: 'cinder', level: 'linkage', fault: null, volumeBytes: 16 * 512 });
      }
    }
  });

  test('costs one listing, and two reads for each link', async () => {
    await using buckets = await storeChain(chain);
    await using storage = await openUnit(buckets.directory);
    for (const order of [chain, chain.toReversed()]) {
      const { unit, count } = countRequests(storage);
      await examineAll(unit, order);
      expect(count()).toMatchObject({ lists: 1, gets: 8 });
    }
  });

  test('returns each proof once, and reads nothing while it is unchanged', async () => {
    await using buckets = await storeChain(chain);
    await using storage = await openUnit(buckets.directory);
    const memory = rememberProofs();
    const first = await examineAll(storage, chain.toReversed());
    expect(first.map((one) => one?.newProofs.length)).toEqual([4, 0, 0, 0]);
    memory.remember(first);
    const { unit, count } = countRequests(storage);
    const again = await examineAll(unit, chain, { findProofs: memory.findProofs, nowMs: () => Date.UTC(2027, 0) });
    expect(count()).toMatchObject({ lists: 1, gets: 0 });
    for (const [index, examination] of again.entries()) {
      expect(examination).toEqual({ ...first[3 - index], newProofs: [] });
    }
  });

  test('an increment added to a proved chain costs three reads', async () => {
    await using buckets = await storeChain(chain.slice(0, 3));
    await using storage = await openUnit(buckets.directory);
    const memory = rememberProofs();
    memory.remember(await examineAll(storage, chain.slice(0, 3)));
    await buckets.put(bucketName, chain[3]?.objects ?? []);
    const { unit, count } = countRequests(storage);
    const [examination] = await examineAll(unit, chain.slice(3), { findProofs: memory.findProofs });
    expect(examination).toMatchObject({ level: 'linkage', incremental: true });
    expect(examination?.newProofs.map(({ backupId }) => backupId)).toEqual([chain[3]?.plan.backupId]);
    expect(count()).toMatchObject({ lists: 1, gets: 3 });
  });

  test('that is permanently broken is not read again either, and has the same fault', async () => {
    await using buckets = await storeChain(chain);
    await buckets.remove(bucketName, `${chain[1]?.imagePath}-00001`);
    await using storage = await openUnit(buckets.directory);
    const memory = rememberProofs();
    const first = await examineAll(storage, chain);
    expect(first.map((one) => one?.fault?.code)).toEqual([
      undefined,
      'object_missing',
      'parent_broken',
      'parent_broken',
    ]);
    memory.remember(first);
    const { unit, count } = countRequests(storage);
    const again = await examineAll(unit, chain, { findProofs: memory.findProofs });
    expect(again.map((one) => one?.fault)).toEqual(first.map((one) => one?.fault));
    expect(count()).toMatchObject({ lists: 1, gets: 0 });
  });

  test('is proved once, even if several requests come at the same time', async () => {
    await using buckets = await storeChain(chain);
    await using storage = await openUnit(buckets.directory);
    const { unit, count } = countRequests(storage);
    const imagePaths = chain.map(({ imagePath }) => imagePath);
    const opened = await openChain(chainContext(unit, bucketName, imagePaths));
    const examinations = await Promise.all(chain.map((backup) => opened.examine(syncItemOf(backup, bucketName))));
    expect(examinations.map((one) => one?.level)).toEqual(chain.map(() => 'linkage'));
    expect(examinations.flatMap((one) => one?.newProofs ?? [])).toHaveLength(chain.length);
    expect(count().lists).toBe(1);
  });

  test('does not reuse a proof by another check, of another place or of another listing', async () => {
    await using buckets = await storeChain(chain.slice(0, 1));
    await using storage = await openUnit(buckets.directory);
    const [examination] = await examineAll(storage, chain.slice(0, 1));
    const proof = examination?.newProofs[0];
    if (proof === undefined) throw new Error('there is a proof');
    const others: EdgeProof[] = [
      { ...proof, checkVersion: 'cinder/0' },
      { ...proof, location: { ...proof.location, bucketName: 'other' } },
      { ...proof, listing: { ...proof.listing, digest: 'other' } },
    ];
    for (const other of others) {
      const { unit, count } = countRequests(storage);
      await examineAll(unit, chain.slice(0, 1), { findProofs: async () => [other] });
      expect(count().gets).toBe(2);
    }
  });
});

describe('the size of the volume', () => {
  test('follows from the last stored block, otherwise from the parent, unless the child is shorter', async () => {
    const plan = { volumeId: seededUuid('volume'), objectBytes: 1024, blockBytes: 512 };
    const write = (day: number, volume: Uint8Array, parent?: WrittenBackup) =>
      writeCinderBackup({
        ...plan,
        backupId: seededUuid(`backup ${day}`),
        takenAtMs: Date.UTC(2026, 0, day),
        volume,
        ...(parent === undefined ? {} : { parent }),
      });
    const volume = seededBytes('volume', 5 * 512 + 100);
    const full = write(1, volume);
    const same = write(2, volume, full);
    const shorter = write(3, volume.slice(0, 3 * 512), same);
    const cutInside = write(4, volume.slice(0, 2 * 512 + 7), shorter);
    const sizes = [full, same, shorter, cutInside].map(({ plan }) => plan.volume.length);
    await using buckets = await storeChain([full, same, shorter, cutInside]);
    await using storage = await openUnit(buckets.directory);
    const examinations = await examineAll(storage, [full, same, shorter, cutInside]);
    expect(examinations.map((one) => one?.level)).toEqual(sizes.map(() => 'linkage'));
    expect(examinations.map((one) => one?.volumeBytes)).toEqual(sizes);
  });
});

describe('links with more objects than are kept', () => {
  test('are listed again one by one, and still proved', async () => {
    const chain = writeSmallChain('many', 16, [[1], [2]]);
    await using buckets = await storeChain(chain);
    await using storage = await openUnit(buckets.directory);
    const { unit, count } = countRequests(storage);
    const context = chainContext(unit, bucketName, []);
    const folders = new VolumeFolders(context, retentionCost(1));
    const examiner = openCinderChain(context, folders);
    const leaf = chain[2];
    if (leaf === undefined) throw new Error('there is a third backup');
    expect(await examiner.examine(syncItemOf(leaf, bucketName))).toMatchObject({ level: 'linkage' });
    expect(count()).toMatchObject({ lists: 3, gets: 6 });
  });
});

test('a link with more objects than can be proved stops at metadata, and says so; its data is not opened', async () => {
  const [full] = writeSmallChain('too many', 16, []) as readonly [WrittenBackup];
  await using buckets = await storeChain([full]);
  await using storage = await openUnit(buckets.directory);
  const context = chainContext(storage, bucketName, []);
  const open = () => {
    const folders = new VolumeFolders(context, retentionCost(1), 3);
    return openCinderChain(context, folders);
  };
  const item = syncItemOf(full, bucketName);
  const examination = await open().examine(item);
  expect(examination).toMatchObject({ level: 'metadata', fault: null });
  expect(examination?.limit).toContain(`${full.imagePath}: 4 objects are stored there`);
  await expect(open().openData(item)).rejects.toMatchObject({ fault: { code: 'metadata_unreadable' } });
});

describe('a parent', () => {
  const chain = writeSmallChain('parents', 8, [[1], [2]]);
  const [full, middle, leaf] = chain as readonly [WrittenBackup, WrittenBackup, WrittenBackup];

  test('in another bucket is found if the catalogue knows it', async () => {
    await using buckets = await storeChain([middle, leaf]);
    await buckets.put('elsewhere', full.objects);
    await using storage = await openUnit(buckets.directory);
    const { unit, count } = countRequests(storage);
    const location = { storageUnitId: 'here', bucketName: 'elsewhere', imagePath: full.imagePath };
    const examinations = await examineAll(unit, [leaf, middle], {
      locate: async (id) => (id === full.plan.backupId ? [location] : []),
    });
    expect(examinations.map((one) => one?.level)).toEqual(['linkage', 'linkage']);
    expect(count()).toMatchObject({ lists: 2, gets: 6 });
  });

  test('is the one that the catalogue knows in another bucket, even with a duplicate next to the child', async () => {
    const duplicate = writeCinderBackup({ ...full.plan, takenAtMs: full.plan.takenAtMs + 60_000 });
    await using buckets = await storeChain([duplicate, middle, leaf]);
    await buckets.put('elsewhere', full.objects);
    await using storage = await openUnit(buckets.directory);
    const location = { storageUnitId: 'here', bucketName: 'elsewhere', imagePath: full.imagePath };
    const [examination] = await examineAll(storage, [middle], {
      locate: async (id) => (id === full.plan.backupId ? [location] : []),
    });
    expect(examination).toMatchObject({ level: 'linkage', ancestors: [{ location }] });
  });

  test('that is gone from its recorded place is looked for next to the child', async () => {
    await using buckets = await storeChain([full, middle]);
    await using storage = await openUnit(buckets.directory);
    const location = { storageUnitId: 'here', bucketName: 'gone', imagePath: full.imagePath };
    const [examination] = await examineAll(storage, [middle], {
      locate: async (id) => (id === full.plan.backupId ? [location] : []),
    });
    expect(examination).toMatchObject({ level: 'linkage', ancestors: [{ location: { bucketName } }] });
  });

  test('that is nowhere is missing, after a second listing', async () => {
    await using buckets = await storeChain([middle, leaf]);
    await using storage = await openUnit(buckets.directory);
    const { unit, count } = countRequests(storage);
    const [ofLeaf, ofMiddle] = await examineAll(unit, [leaf, middle]);
    expect(ofMiddle).toMatchObject({ level: null, fault: { code: 'parent_missing' } });
    expect(ofMiddle?.fault?.detail).toContain(full.plan.backupId);
    expect(ofLeaf).toMatchObject({ level: null, fault: { code: 'parent_broken' } });
    expect(ofLeaf?.fault?.detail).toContain(middle.plan.backupId);
    expect(count().lists).toBe(2);
  });

  test('that comes back makes the chain whole again, despite the recorded proof without it', async () => {
    await using buckets = await storeChain([middle, leaf]);
    await using storage = await openUnit(buckets.directory);
    const memory = rememberProofs();
    memory.remember(await examineAll(storage, [leaf]));
    await buckets.put(bucketName, full.objects);
    const [examination] = await examineAll(storage, [leaf], { findProofs: memory.findProofs });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });

  test('that is broken lowers its children to its own level, and they say which link is at fault', async () => {
    await using buckets = await storeChain(chain);
    await buckets.remove(bucketName, `${full.imagePath}-00002`);
    await using storage = await openUnit(buckets.directory);
    const [ofLeaf] = await examineAll(storage, [leaf]);
    expect(ofLeaf).toMatchObject({ level: 'metadata', fault: { code: 'parent_broken' } });
    expect(ofLeaf?.fault?.detail).toContain(full.imagePath);
    expect(ofLeaf?.fault?.detail).toContain('an object that the metadata names is missing');
  });

  test('without block hashes limits its children, but breaks nothing', async () => {
    await using buckets = await storeChain(chain);
    await buckets.remove(bucketName, `${full.imagePath}_sha256file`);
    await using storage = await openUnit(buckets.directory);
    for (const examination of await examineAll(storage, chain)) {
      expect(examination).toMatchObject({ level: 'inventory', fault: null });
      expect(examination?.limit).toContain('_sha256file');
    }
  });

  test.each([
    ['nothing else', []],
    ['the block hashes of the parent', [['_sha256file', full.objects.get(`${full.imagePath}_sha256file`) ?? '']]],
  ] as const)('is not confused with another of its id that has empty metadata and %s', async (_, others) => {
    const stray = full.imagePath.replace(/\d{14}/, '20000101000000');
    await using buckets = await storeChain(chain);
    await buckets.put(bucketName, [
      [`${stray}_metadata`, '{}'],
      ...others.map(([suffix, bytes]) => [stray + suffix, bytes] as const),
    ]);
    await using storage = await openUnit(buckets.directory);
    const memory = rememberProofs();
    const examinations = await examineAll(storage, chain);
    expect(examinations.map((one) => one?.level)).toEqual(['linkage', 'linkage', 'linkage']);
    memory.remember(examinations);
    const [again] = await examineAll(storage, [leaf], { findProofs: memory.findProofs });
    expect(again).toMatchObject({ level: 'linkage', fault: null, newProofs: [] });
    const opened = await openChain(chainContext(storage, bucketName, [leaf.imagePath]));
    const data = await opened.openData(syncItemOf(leaf, bucketName));
    expect(data?.links.map(({ location }) => location.imagePath)).toEqual(chain.map(({ imagePath }) => imagePath));
  });

  test('is not accepted if it is of another volume', async () => {
    const other = writeCinderBackup({ ...full.plan, volumeId: seededUuid('another volume') });
    await using buckets = await storeChain([middle, other]);
    await using storage = await openUnit(buckets.directory);
    const location = { storageUnitId: 'here', bucketName, imagePath: other.imagePath };
    const [examination] = await examineAll(storage, [middle], { locate: async () => [location] });
    expect(examination).toMatchObject({ level: null, fault: { code: 'parent_missing' } });
  });

  test('may have several children', async () => {
    const other = writeSmallChain('parents', 8, [[1], [5, 6]])[2];
    if (other === undefined) throw new Error('there is a third backup');
    const sibling = {
      ...other,
      plan: { ...other.plan, backupId: other.plan.backupId.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
    };
    const rename = (text: string) => text.replaceAll(other.plan.backupId, sibling.plan.backupId);
    const objects = [...other.objects].map(([key, bytes]): [string, Uint8Array] => {
      const isText = key.endsWith('_metadata') || key.endsWith('_sha256file');
      return [rename(key), isText ? Buffer.from(rename(Buffer.from(bytes).toString())) : bytes];
    });
    await using buckets = await storeChain(chain);
    await buckets.put(bucketName, objects);
    await using storage = await openUnit(buckets.directory);
    const examinations = await examineAll(storage, [leaf, { ...sibling, imagePath: rename(other.imagePath) }]);
    expect(examinations.map((one) => one?.level)).toEqual(['linkage', 'linkage']);
  });
});

describe('a request', () => {
  const [full] = writeSmallChain('request', 8, []) as readonly [WrittenBackup];
  const item = syncItemOf(full, bucketName);

  test.each([
    ['another backup', { backup_id: 'other' }, 'identity_mismatch'],
    ['another volume', { resource_id: 'other' }, 'identity_mismatch'],
    ['a server, whose id is not the volume’s', { resource_id: 'x', resource_type: 'OS::Native::Server' }, undefined],
  ])('for %s', async (_, changes, code) => {
    await using buckets = await storeChain([full]);
    await using storage = await openUnit(buckets.directory);
    const chain = await openChain(chainContext(storage, bucketName, [full.imagePath]));
    const examination = await chain.examine({ ...item, ...changes });
    expect(examination?.fault?.code).toBe(code);
    expect(examination?.level).toBe(code === undefined ? 'linkage' : null);
  });

  test('for a path without objects finds nothing', async () => {
    await using buckets = await storeChain([full]);
    await using storage = await openUnit(buckets.directory);
    const imagePath = full.imagePath.replace('nova', 'other');
    const chain = await openChain(chainContext(storage, bucketName, [imagePath]));
    expect(await chain.examine({ ...item, image_path: imagePath })).toBeNull();
  });

  test('for a path of Cinder’s shape with other objects below it finds an unknown format', async () => {
    await using buckets = await makeTestBuckets();
    await buckets.put(bucketName, [[`${full.imagePath}/disk.img`, 'abc']]);
    await using storage = await openUnit(buckets.directory);
    const [examination] = await examineAll(storage, [full]);
    expect(examination).toMatchObject({ format: 'unknown', level: 'presence' });
  });
});
