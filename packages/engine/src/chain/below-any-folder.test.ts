import { describe, expect, test } from 'vitest';
import { findCandidates } from '../scans/find-candidates.ts';
import { findNamedFiles } from '../scans/named-files.ts';
import { writeCinderBackup } from '../testing/cinder-writer.ts';
import { type FormatUnderTest, formatsUnderTest } from '../testing/formats-under-test.ts';
import { syncItemOfManifest, writeManifestBackup } from '../testing/manifest-writer.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../testing/prove-all-levels.ts';
import { seededBytes, seededUuid } from '../testing/seeded-bytes.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { chainRootOf } from './formats/chain-root.ts';

/** What reading the data of a format that is not read leads to. */
const withoutData = { foundBy: 'content', code: 'format_unknown' } as const;

const folders = ['dr/site-b/', 'volume_old/', 'volume_a/20260301020000/'];

function copyInto(folder: string, objects: Iterable<readonly [string, Uint8Array]>) {
  return openMemoryStorageUnit(
    new Map([['backups', new Map(Array.from(objects, ([key, bytes]) => [`${folder}${key}`, bytes]))]]),
  );
}

const posix = writeSmallChain('nested', 8, [[1], [2, 7]], { layout: 'posix' });
const chosen = writeSmallChain('nested', 8, [[1], [2, 7]], { layout: 'posix', folder: 'container' });
const copied: readonly (readonly [
  string,
  Pick<FormatUnderTest, 'objects' | 'item' | 'backups' | 'level' | 'isRead'>,
])[] = [
  ...formatsUnderTest
    .filter(({ format }) => format !== 'unknown')
    .map(({ format, objects, ...rest }) => [format, { ...rest, objects: [...objects] }] as const),
  ...[posix, chosen].map((chain) => {
    const leaf = chain.at(-1);
    if (leaf === undefined) throw new Error('a chain has links');
    const objects = chain.flatMap((backup) => [...backup.objects]);
    return [
      `cinder in ${leaf.plan.folder ?? 'default folders'}`,
      { objects, item: syncItemOf(leaf, 'backups'), backups: 3, level: 'linkage', isRead: true },
    ] as const;
  }),
];

describe.each(copied)(
  'a chain of format %s that was copied into another folder',
  (_, { objects, item, backups, level, isRead }) => {
    test.each(folders)('is proved as far as before in %s', async (folder) => {
      const storage = copyInto(folder, objects);
      const proof = await proveAllLevels(storage, { ...item, image_path: `${folder}${item.image_path}` });
      expect(proof).toEqual(isRead ? { foundBy: null, code: null, level } : { ...withoutData, level });
    });

    test.each(folders)('is found by a scan of %s', async (folder) => {
      const storage = copyInto(folder, objects);
      const pages = storage.list({ bucket: 'backups', prefix: folder });
      const context = { storage, bucketName: 'backups', signal: new AbortController().signal };
      const found: string[] = [];
      for await (const { candidates } of findCandidates(pages, { prefix: folder, formats: null, template: null })) {
        const named = await findNamedFiles(context, candidates);
        const own = candidates.filter((each) => each.kind === 'committed' && !named.has(each));
        found.push(...own.map(({ imagePath }) => imagePath));
      }
      expect(found).toContain(`${folder}${item.image_path}`);
      expect(found).toHaveLength(backups);
    });
  },
);

test('an object missing from a copied chain is missing, even if the original outside the folder has it', async () => {
  const chain = writeSmallChain('nested', 8, [[1]]);
  const [full, leaf] = chain;
  if (full === undefined || leaf === undefined) throw new Error('a chain has links');
  const objects = chain.flatMap((backup) => [...backup.objects]);
  const lost = `${full.imagePath}-00001`;
  const bucket = new Map([...objects, ...objects.map(([key, bytes]) => [`dr/${key}`, bytes] as const)]);
  bucket.delete(`dr/${lost}`);
  const item = { ...syncItemOf(leaf, 'backups'), image_path: `dr/${leaf.imagePath}` };
  const proof = await proveAllLevels(openMemoryStorageUnit(new Map([['backups', bucket]])), item);
  expect(proof).toMatchObject({ code: 'parent_broken' });
});

test('an availability zone that looks like a volume path is not taken for the volume', async () => {
  const backup = writeCinderBackup({
    volumeId: seededUuid('zoned'),
    backupId: seededUuid('zoned backup'),
    takenAtMs: Date.UTC(2026, 2, 1, 2),
    volume: seededBytes('zoned', 2048),
    objectBytes: 1024,
    blockBytes: 512,
    availabilityZone: 'x/volume_b/20260301020000/az_nova',
  });
  expect(chainRootOf(backup.imagePath)).toBe(`volume_${backup.plan.volumeId}/`);
  const proof = await proveAllLevels(copyInto('', backup.objects), syncItemOf(backup, 'backups'));
  expect(proof).toEqual({ foundBy: null, code: null, level: 'linkage' });
});

describe('the parent of a manifest that names the place of its parent', () => {
  const write = (backupId: string, imagePath: string, parentPlace?: { bucket_name?: string; image_path?: string }) => {
    const volume = seededBytes('same volume', 2048);
    const plan = { backupId, imagePath, createdAtMs: 0, volume, objectBytes: 1024, blockBytes: 512 };
    return { plan, parentPlace };
  };
  const full = writeManifestBackup(write('full-7', 'fulls/week-1/disk').plan);
  const incrementOf = (parentPlace: { bucket_name?: string; image_path?: string }) =>
    writeManifestBackup({ ...write('inc-8', 'incrementals/day-2/disk').plan, parent: full, parentPlace });

  test.each([
    ['in its bucket', { image_path: 'fulls/week-1/disk' }],
    ['in a bucket that is not there', { image_path: 'fulls/week-1/disk', bucket_name: 'original' }],
  ])('%s is found in the folder that both were copied into', async (_, parentPlace) => {
    const leaf = incrementOf(parentPlace);
    const storage = copyInto('dr/site-b/', [...full.objects, ...leaf.objects]);
    const item = { ...syncItemOfManifest(leaf, 'backups'), image_path: `dr/site-b/${leaf.imagePath}` };
    expect(await proveAllLevels(storage, item)).toEqual({ foundBy: null, code: null, level: 'linkage' });
  });

  test('is missing if no folder above has it', async () => {
    const leaf = incrementOf({ image_path: 'fulls/week-1/disk' });
    const storage = copyInto('dr/site-b/', leaf.objects);
    const item = { ...syncItemOfManifest(leaf, 'backups'), image_path: `dr/site-b/${leaf.imagePath}` };
    expect(await proveAllLevels(storage, item)).toMatchObject({ code: 'parent_missing' });
  });
});
