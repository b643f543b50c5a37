import { describe, expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import { StorageError, type StorageErrorCode, type StorageUnit } from '../../../storage/port.ts';
import { type WrittenBackup, writeCinderBackup } from '../../../testing/cinder-writer.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { logListings } from '../../../testing/logged-listings.ts';
import { syncItemOf, writeSmallChain } from '../../../testing/small-chain.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import { Absences } from '../../absences.ts';

const home = 'home';
const chain = writeSmallChain('other-buckets', 16, [[1], [2]]);
const [full, middle, leaf] = chain as readonly [WrittenBackup, WrittenBackup, WrittenBackup];
const itemsOf = (backups: readonly WrittenBackup[]) => backups.map((backup) => syncItemOf(backup, home));

/** The project's buckets, with these backups. */
async function store(backups: Readonly<Record<string, readonly WrittenBackup[]>>) {
  const buckets = await makeTestBuckets();
  for (const [bucketName, stored] of Object.entries(backups)) {
    await buckets.put(bucketName, [['unrelated', 'x']]);
    for (const backup of stored) await buckets.put(bucketName, backup.objects);
  }
  const { unit, listings } = logListings(await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory }));
  return {
    buckets,
    unit,
    listings,
    context: { projectBuckets: async () => Object.keys(backups), absences: new Absences() },
    [Symbol.asyncDispose]: () => buckets[Symbol.asyncDispose](),
  };
}

/** Makes the listings of one bucket fail. */
function failListings(unit: StorageUnit, bucketName: string, code: StorageErrorCode): StorageUnit {
  const check = (bucket: string) => {
    if (bucket === bucketName) throw new StorageError(code, bucket);
  };
  return {
    ...unit,
    async *list(request) {
      check(request.bucket);
      yield* unit.list(request);
    },
    async *listFolders(request) {
      check(request.bucket);
      yield* unit.listFolders(request);
    },
  };
}

describe('a parent in another bucket of the project', () => {
  test('is found, and its own parent in a third bucket', async () => {
    await using stored = await store({ first: [full], second: [middle], [home]: [leaf] });
    const [examination] = await examineBackups(stored.unit, itemsOf([leaf]), stored.context);
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
    expect(examination?.ancestors.map(({ location }) => location.bucketName)).toEqual(['second', 'first']);
  });

  test('is looked for with one listing of folders for each bucket, once for all its children', async () => {
    await using stored = await store({ first: [], second: [], [home]: [middle, leaf] });
    for (const _ of [1, 2]) {
      const examinations = await examineBackups(stored.unit, itemsOf([leaf, middle]), stored.context);
      expect(examinations.map((one) => one?.fault?.code)).toEqual(['parent_broken', 'parent_missing']);
    }
    const elsewhere = stored.listings.filter((listing) => !listing.endsWith(home));
    expect(elsewhere).toEqual(['folders of first', 'folders of second']);
  });

  test('is found immediately where it was proved, while nothing has changed', async () => {
    await using stored = await store({ first: [], second: [full], [home]: [middle] });
    const memory = rememberProofs();
    memory.remember(await examineBackups(stored.unit, itemsOf([middle]), stored.context));
    stored.listings.length = 0;
    const context = { ...stored.context, findProofs: memory.findProofs };
    const [again] = await examineBackups(stored.unit, itemsOf([middle]), context);
    expect(again).toMatchObject({ level: 'linkage', fault: null, newProofs: [] });
    expect(stored.listings).toEqual([`objects of ${home}`, 'objects of second']);
  });

  test('is found once it is there, even if it was missing before', async () => {
    await using stored = await store({ second: [], [home]: [middle] });
    const memory = rememberProofs();
    memory.remember(await examineBackups(stored.unit, itemsOf([middle]), stored.context));
    await stored.buckets.put('second', full.objects);
    const context = { ...stored.context, findProofs: memory.findProofs, absences: new Absences() };
    const [examination] = await examineBackups(stored.unit, itemsOf([middle]), context);
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });

  test('is not looked for if there is one next to its child', async () => {
    await using stored = await store({ first: [full], [home]: chain });
    const [examination] = await examineBackups(stored.unit, itemsOf([leaf]), stored.context);
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
    expect(stored.listings).toEqual([`objects of ${home}`]);
  });

  test('is found even if a broken copy is next to the child', async () => {
    await using stored = await store({ first: [full], [home]: [full, middle] });
    await stored.buckets.remove(home, `${full.imagePath}_metadata`);
    const [examination] = await examineBackups(stored.unit, itemsOf([middle]), stored.context);
    expect(examination).toMatchObject({ level: 'linkage', ancestors: [{ location: { bucketName: 'first' } }] });
  });

  test('is ambiguous if two buckets have different data under its id and both fit', async () => {
    // The increment stores the one block in which they differ.
    const volume = full.plan.volume.slice().fill(7, 512, 2 * 512);
    const other = writeCinderBackup({ ...full.plan, volume });
    await using stored = await store({ first: [full], second: [other], [home]: [middle] });
    const [examination] = await examineBackups(stored.unit, itemsOf([middle]), stored.context);
    expect(examination?.fault?.code).toBe('parent_ambiguous');
  });

  test.each(['access_denied', 'bucket_not_found'] as const)(
    'is found in the bucket after one that answers %s, and is missing if it is nowhere',
    async (code) => {
      await using stored = await store({ first: [], second: [full], [home]: [middle] });
      const refusing = failListings(stored.unit, 'first', code);
      const [found] = await examineBackups(refusing, itemsOf([middle]), stored.context);
      expect(found).toMatchObject({ level: 'linkage', fault: null });
      const alone = { ...stored.context, projectBuckets: async () => ['first', home] };
      const [missing] = await examineBackups(refusing, itemsOf([middle]), alone);
      expect(missing).toMatchObject({ level: null, fault: { code: 'parent_missing' } });
    },
  );

  test.each(['unreachable', 'storage_wrong_region'] as const)(
    'is not called missing while a bucket is %s',
    async (code) => {
      await using stored = await store({ first: [], second: [full], [home]: [middle] });
      const silent = failListings(stored.unit, 'first', code);
      const [found] = await examineBackups(silent, itemsOf([middle]), stored.context);
      expect(found).toMatchObject({ level: 'linkage', fault: null });
      const alone = { ...stored.context, projectBuckets: async () => ['first', home] };
      await expect(examineBackups(silent, itemsOf([middle]), alone)).rejects.toMatchObject({ code });
    },
  );

  test('is missing if it is gone from its recorded place, whatever settings another bucket wants', async () => {
    await using stored = await store({ first: [], [home]: [middle] });
    const location = { storageUnitId: stored.unit.id, bucketName: home, imagePath: full.imagePath };
    const context = { ...stored.context, locate: async () => [location], projectBuckets: async () => ['first', home] };
    const refusing = failListings(stored.unit, 'first', 'storage_redirected');
    const [missing] = await examineBackups(refusing, itemsOf([middle]), context);
    expect(missing).toMatchObject({ level: null, fault: { code: 'parent_missing' } });
    const silent = failListings(stored.unit, 'first', 'unreachable');
    await expect(examineBackups(silent, itemsOf([middle]), context)).rejects.toMatchObject({ code: 'unreachable' });
    const known = { ...context, locate: async () => [{ ...location, bucketName: 'first' }] };
    const settings = examineBackups(refusing, itemsOf([middle]), known);
    await expect(settings).rejects.toMatchObject({ code: 'storage_redirected' });
  });

  test.each([
    ['a folder for each backup', {}],
    ['a configured folder', { folder: 'chosen' }],
  ])('is found in the posix layout with %s', async (_, changes) => {
    const posix = writeSmallChain('other-buckets/posix', 16, [[1]], { layout: 'posix', ...changes });
    const [parent, child] = posix as readonly [WrittenBackup, WrittenBackup];
    await using stored = await store({ first: [], second: [parent], [home]: [child] });
    const [examination] = await examineBackups(stored.unit, itemsOf([child]), stored.context);
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });
});
