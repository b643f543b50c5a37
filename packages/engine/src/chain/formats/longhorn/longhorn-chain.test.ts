import type { ReasonCode, VerificationLevel } from '@backup-sync/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { syncItemsOfLonghorn, type WrittenLonghorn, writeLonghornVolume } from '../../../testing/longhorn-writer.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import { type StoredObject, volumesOf } from '../../data.ts';
import { openChain } from '../../examiner.ts';
import { longhornFormat } from './longhorn-format.ts';

const bucketName = 'backups';
/** The second backup shares all blocks except block 1 with the first. The third is the same as the second. */
const volume = writeLonghornVolume('mail', 16, [[0, 1, 9], [1, 15], []]);
const laterMs = Date.UTC(2026, 2, 5, 3);
const [firstPath = '', secondPath = '', lastPath = ''] = volume.imagePaths;

async function store(objects: Iterable<readonly [string, Uint8Array]>) {
  const buckets = await makeTestBuckets();
  await buckets.put(bucketName, objects);
  const unit = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  return { buckets, ...countRequests(unit), [Symbol.asyncDispose]: () => buckets[Symbol.asyncDispose]() };
}

const itemsOf = (of: WrittenLonghorn) => syncItemsOfLonghorn(of, bucketName);

describe('the backups of a volume', () => {
  test('are proved to linkage with one listing, one read for each backup and one for the volume', async () => {
    await using stored = await store(volume.objects);
    const examinations = await examineBackups(stored.unit, itemsOf(volume));
    for (const examination of examinations) {
      expect(examination).toMatchObject({ format: 'longhorn', level: 'linkage', fault: null, limit: null });
    }
    expect(examinations.map((one) => one?.listing.objectCount)).toEqual([4, 5, 5]);
    expect(examinations.map((one) => one?.volumeBytes)).toEqual([null, null, 16 * 4096]);
    expect(stored.count()).toMatchObject({ lists: 1, gets: 4 });
  });

  test('cost only the listing while they are unchanged', async () => {
    await using stored = await store(volume.objects);
    const memory = rememberProofs();
    const first = await examineBackups(stored.unit, itemsOf(volume));
    memory.remember(first, itemsOf(volume));
    const before = stored.count();
    const again = await examineBackups(stored.unit, itemsOf(volume), memory);
    expect(again).toEqual(first.map((one) => ({ ...one, newProofs: [] })));
    expect(stored.count()).toMatchObject({ lists: before.lists + 1, gets: before.gets });
  });

  test('cost one read of volume.cfg together when a new one is added, and are not proved again', async () => {
    const grown = writeLonghornVolume('mail', 16, [[0, 1, 9], [1, 15], [], [3, 9]]);
    await using stored = await store(volume.objects);
    const memory = rememberProofs();
    memory.remember(await examineBackups(stored.unit, itemsOf(volume)), itemsOf(volume));
    const added = [...grown.objects].filter(([key]) => !volume.objects.has(key) || key.endsWith('/volume.cfg'));
    await stored.buckets.put(bucketName, added, laterMs);
    const before = stored.count();
    const again = await examineBackups(stored.unit, itemsOf(grown), memory);
    expect(again.map((one) => one?.newProofs.length)).toEqual([0, 0, 0, 1]);
    expect(again.map((one) => one?.fault)).toEqual([null, null, null, null]);
    // The new backup's cfg, and volume.cfg.
    expect(stored.count()).toMatchObject({ lists: before.lists + 1, gets: before.gets + 2 });
  });

  test('cost a read each when blocks of others were garbage-collected, but no new proof', async () => {
    await using stored = await store(volume.objects);
    const memory = rememberProofs();
    memory.remember(await examineBackups(stored.unit, itemsOf(volume)), itemsOf(volume));
    const [, onlyFirst = ''] = volume.blockKeys[0] ?? [];
    await stored.buckets.remove(bucketName, firstPath);
    await stored.buckets.remove(bucketName, onlyFirst);
    const before = stored.count();
    const rest = itemsOf(volume).slice(1);
    const again = await examineBackups(stored.unit, rest, memory);
    expect(again.map((one) => [one?.level, one?.newProofs.length])).toEqual([
      ['linkage', 0],
      ['linkage', 0],
    ]);
    expect(stored.count()).toMatchObject({ lists: before.lists + 1, gets: before.gets + 2 });
    memory.remember(again, rest);
    const after = stored.count();
    await examineBackups(stored.unit, rest, memory);
    expect(stored.count()).toMatchObject({ lists: after.lists + 1, gets: after.gets });
  });

  test('are proved again when one of their blocks is lost, replaced or restored', async () => {
    const [shared = ''] = volume.blockKeys[0] ?? [];
    const bytes = volume.objects.get(shared) ?? new Uint8Array();
    await using stored = await store(volume.objects);
    const memory = rememberProofs();
    const look = async () => {
      const seen = await examineBackups(stored.unit, itemsOf(volume), memory);
      memory.remember(seen, itemsOf(volume));
      return seen.map((one) => one?.fault?.code ?? one?.level);
    };
    await look();
    await stored.buckets.remove(bucketName, shared);
    expect(await look()).toEqual(['object_missing', 'object_missing', 'object_missing']);
    expect(await look()).toEqual(['object_missing', 'object_missing', 'object_missing']);
    await stored.buckets.put(bucketName, [[shared, bytes]], laterMs);
    expect(await look()).toEqual(['linkage', 'linkage', 'linkage']);
    await stored.buckets.put(bucketName, [[shared, new Uint8Array()]], laterMs + 1000);
    expect(await look()).toEqual(['object_size_impossible', 'object_size_impossible', 'object_size_impossible']);
  });

  test('are whole after any history', async () => {
    const histories = fc.array(fc.uniqueArray(fc.nat(15), { maxLength: 6 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const written = writeLonghornVolume('any', 16, history);
        await using stored = await store(written.objects);
        for (const one of await examineBackups(stored.unit, itemsOf(written))) expect(one?.level).toBe('linkage');
      }),
      { numRuns: 20 },
    );
  });

  test('are described as in their cfg', async () => {
    await using stored = await store(volume.objects);
    expect(longhornFormat.partOf(secondPath)).toEqual({ imagePath: secondPath, markKey: secondPath });
    expect(longhornFormat.partOf(`${volume.volumeFolder}volume.cfg`)).toBeNull();
    expect(longhornFormat.partOf(`${secondPath}.tmp.1772330400`)).toBeNull();
    expect(await longhornFormat.describe(chainContext(stored.unit, bucketName, []), secondPath)).toEqual({
      backupId: 'backup-mail1',
      originalName: 'snap-1',
      resourceId: 'pvc-mail',
      resourceName: 'pvc-mail',
      resourceType: 'Longhorn::Volume',
      createdAtS: Date.UTC(2026, 2, 2, 2) / 1000,
      parentBackupId: null,
    });
  });

  test('return their stored objects', async () => {
    await using stored = await store(volume.objects);
    const [, item] = itemsOf(volume);
    if (item === undefined) throw new Error('there is a second backup');
    const chain = await openChain(chainContext(stored.unit, bucketName, [item.image_path]));
    const data = await chain.openData(item);
    expect(data?.holesAreZeros).toBe(true);
    const link = data === null ? undefined : volumesOf(data)[0]?.volume.links[0];
    expect(link).toMatchObject({ backupId: 'backup-mail1', blocks: null, volumeBytes: 16 * 4096 });
    const objects: StoredObject[] = [];
    for await (const batch of link?.objects() ?? []) objects.push(...batch.filter((object) => object.key !== null));
    expect(objects.map(({ key }) => key)).toEqual(volume.blockKeys[1]);
    expect(objects.map(({ offset }) => offset / 4096)).toEqual([0, 1, 9, 15]);
    expect(objects[0]).toMatchObject({ length: 4096, compression: 'gzip', plainDigest: { algorithm: 'sha512' } });
  });
});

describe('a block that is missing', () => {
  test('marks every backup that names it, and no other, after a second listing', async () => {
    const [shared = '', onlyFirst = ''] = volume.blockKeys[0] ?? [];
    for (const [key, broken] of [
      [shared, [true, true, true]],
      [onlyFirst, [true, false, false]],
    ] as const) {
      await using stored = await store([...volume.objects].filter(([each]) => each !== key));
      const examinations = await examineBackups(stored.unit, itemsOf(volume));
      for (const [day, isBroken] of broken.entries()) {
        const expected = isBroken
          ? { level: 'metadata', fault: { code: 'object_missing', detail: key } }
          : { level: 'linkage', fault: null };
        expect(examinations[day]).toMatchObject(expected);
      }
      expect(stored.count().lists).toBe(2);
    }
  });
});

type Objects = Map<string, Uint8Array>;
type Cfg = Record<string, unknown> & { Blocks: { Offset: number; BlockChecksum: string }[] };

const change = (key: string, alter: (cfg: Cfg) => void) => (objects: Objects) => {
  const cfg: Cfg = JSON.parse(Buffer.from(objects.get(key) ?? []).toString());
  alter(cfg);
  objects.set(key, Buffer.from(JSON.stringify(cfg)));
};
const changeCfg = (alter: (cfg: Cfg) => void) => change(secondPath, alter);
const changeBlock = (index: number, fields: object) =>
  changeCfg(({ Blocks }) => Object.assign(Blocks[index] ?? {}, fields));
const cut = (key: string, length: number) => (objects: Objects) =>
  objects.set(key, (objects.get(key) ?? new Uint8Array()).slice(0, length));
const volumeCfg = `${volume.volumeFolder}volume.cfg`;

const damages: readonly (readonly [string, (objects: Objects) => unknown, ReasonCode, VerificationLevel | null])[] = [
  ['not finished', changeCfg((cfg) => Object.assign(cfg, { CreatedTime: '' })), 'incomplete', null],
  ['cut long ago', cut(secondPath, 100), 'metadata_unreadable', null],
  ['no JSON', (objects) => objects.set(secondPath, Buffer.from('<x>')), 'metadata_unreadable', null],
  ['another name', changeCfg((cfg) => Object.assign(cfg, { Name: 'x' })), 'identity_mismatch', null],
  ['another volume', changeCfg((cfg) => Object.assign(cfg, { VolumeName: 'x' })), 'identity_mismatch', null],
  ['an offset as text', changeBlock(0, { Offset: '0' }), 'metadata_unreadable', null],
  ['a checksum of 63 digits', changeBlock(0, { BlockChecksum: 'a'.repeat(63) }), 'metadata_unreadable', null],
  [
    'an unknown compression',
    changeCfg((cfg) => Object.assign(cfg, { CompressionMethod: 'rar' })),
    'metadata_unreadable',
    null,
  ],
  [
    'an unknown block size',
    changeCfg((cfg) => Object.assign(cfg, { Parameters: { 'backup-block-size': 'big' } })),
    'metadata_unreadable',
    null,
  ],
  [
    'blocks twice',
    (objects) =>
      objects.set(
        secondPath,
        Buffer.from(
          Buffer.from(objects.get(secondPath) ?? [])
            .toString()
            .replace('"Blocks"', '"Blocks":[],"Blocks"'),
        ),
      ),
    'metadata_unreadable',
    null,
  ],
  ['no volume.cfg', (objects) => objects.delete(volumeCfg), 'incomplete', null],
  [
    'a volume.cfg of another volume',
    change(volumeCfg, (cfg) => Object.assign(cfg, { Name: 'x' })),
    'identity_mismatch',
    null,
  ],
  ['a volume.cfg that is cut', cut(volumeCfg, 20), 'metadata_unreadable', null],
  ['an empty block', cut(volume.blockKeys[1]?.[0] ?? '', 0), 'object_size_impossible', 'metadata'],
  ['a checksum that no block has', changeBlock(0, { BlockChecksum: 'a'.repeat(64) }), 'object_missing', 'metadata'],
  [
    'plain blocks of another size',
    changeCfg((cfg) => Object.assign(cfg, { CompressionMethod: 'none' })),
    'object_size_impossible',
    'metadata',
  ],
  ['an offset inside a block', changeBlock(1, { Offset: 100 }), 'geometry', 'inventory'],
  ['offsets that fall', changeBlock(1, { Offset: 0 }), 'geometry', 'inventory'],
  ['a size of more blocks', changeCfg((cfg) => Object.assign(cfg, { Size: '20480' })), 'geometry', 'inventory'],
  ['another block size', changeCfg((cfg) => delete cfg.Parameters), 'object_size_impossible', 'metadata'],
];

describe('damage is found at its level, with its reason', () => {
  test.each(damages)('%s', async (_, damage, code, level) => {
    const objects: Objects = new Map(volume.objects);
    damage(objects);
    await using stored = await store(objects);
    const [, examination] = await examineBackups(stored.unit, itemsOf(volume));
    expect(examination).toMatchObject({ format: 'longhorn', level, fault: { code }, limit: null });
  });

  test('a volume in the folder of another name is refused', async () => {
    const rename = (key: string) => key.replace(/volumes\/..\/../, 'volumes/00/00');
    const objects = [...volume.objects].map(([key, bytes]) => [rename(key), bytes] as const);
    await using stored = await store(objects);
    const items = itemsOf(volume).map((item) => ({ ...item, image_path: rename(item.image_path) }));
    const [examination] = await examineBackups(stored.unit, items);
    expect(examination).toMatchObject({ level: null, fault: { code: 'identity_mismatch' } });
  });
});

describe('genuine oddities are not faults', () => {
  test.each<[string, (objects: Objects) => unknown]>([
    [
      'a block that no backup names',
      (objects) => objects.set(`${volume.volumeFolder}blocks/aa/aa/${'a'.repeat(64)}.blk`, Buffer.from('x')),
    ],
    ['a file that NFS left', (objects) => objects.set(`${secondPath}.tmp.1772330400`, Buffer.from('x'))],
    [
      'fields that older writers left out',
      changeCfg((cfg) =>
        Object.assign(cfg, { Size: undefined, Labels: undefined, SingleFile: undefined, ProcessingBlocks: undefined }),
      ),
    ],
    ['no blocks at all', changeCfg((cfg) => Object.assign(cfg, { Blocks: undefined, Size: '0' }))],
    ['an old gzip without a name', changeCfg((cfg) => Object.assign(cfg, { CompressionMethod: '' }))],
  ])('%s', async (_, alter) => {
    const objects: Objects = new Map(volume.objects);
    alter(objects);
    await using stored = await store(objects);
    const [, examination] = await examineBackups(stored.unit, itemsOf(volume));
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });

  test('a single file is proved to presence only, and says why', async () => {
    const objects: Objects = new Map(volume.objects);
    change(lastPath, (cfg) => Object.assign(cfg, { Blocks: undefined, SingleFile: { FilePath: 'BackupFiles/x.bak' } }))(
      objects,
    );
    await using stored = await store(objects);
    const [, , examination] = await examineBackups(stored.unit, itemsOf(volume));
    expect(examination).toMatchObject({ level: 'presence', fault: null });
    expect(examination?.limit).toContain('single file without blocks');
  });

  test('a folder with only locks is not a backup', async () => {
    await using stored = await store([[`${volume.volumeFolder}locks/lock-abc.lck`, Buffer.from('{}')]]);
    expect(await examineBackups(stored.unit, itemsOf(volume).slice(0, 1))).toEqual([null]);
  });

  test('a request that contradicts its path says nothing of the backup', async () => {
    await using stored = await store(volume.objects);
    const [item] = itemsOf(volume);
    if (item === undefined) throw new Error('there is a backup');
    const [examination] = await examineBackups(stored.unit, [{ ...item, image_path: firstPath, resource_id: 'x' }]);
    expect(examination).toMatchObject({ contradictsRequest: true, fault: { code: 'identity_mismatch' } });
  });
});
