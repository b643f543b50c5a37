import type { BackupFormat } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { formatsUnderTest } from '../../../testing/formats-under-test.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import { findOwner, findPart, knownFormatNames } from '../formats.ts';
import { PlaceOutline } from './place-outline.ts';

const knownFormats = formatsUnderTest.filter(({ format }) => format !== 'unknown');
const item = { ...(knownFormats[0]?.item as (typeof formatsUnderTest)[number]['item']), backup_id: 'vm-7' };

async function examineAt(imagePath: string, objects: Iterable<readonly [string, Uint8Array]>) {
  const storage = openMemoryStorageUnit(new Map([[item.bucket_name, new Map(objects)]]));
  const request = { ...item, image_path: imagePath, resource_type: 'OS::VMware::Server' };
  const [examination] = await examineBackups(storage, [request]);
  return examination ?? null;
}

/** Every folder on the way to these keys. */
function foldersOf(keys: readonly string[]): readonly string[] {
  const folders = keys.flatMap((key) => {
    const segments = key.split('/').slice(0, -1);
    return segments.map((_, index) => segments.slice(0, index + 1).join('/'));
  });
  return [...new Set(folders)];
}

/** Formats of plain files: a folder with such a file may be a backup of an unknown format. */
const ofPlainFiles: readonly BackupFormat[] = ['qcow2', 'vmdk'];
/** Formats in which the names of objects and folders below an image path prove nothing. */
const withFreeNames: readonly BackupFormat[] = ['manifest', 'borg', 'percona'];

describe.each(knownFormats)('in a chain of format $format', ({ format, objects }) => {
  const all = new Map(objects);
  const keys = [...all.keys()];
  const imagePaths = new Set(
    keys.flatMap((key) => {
      const part = findPart(key, knownFormatNames);
      return part === null ? [] : [part.imagePath];
    }),
  );
  const isFreeName = (folder: string) =>
    withFreeNames.includes(format) && [...imagePaths].some((imagePath) => folder.startsWith(`${imagePath}/`));
  const isRefused = (folder: string) => !isFreeName(folder) && !ofPlainFiles.includes(format);
  const folders = foldersOf(keys).filter(isRefused);

  test.each([...keys, ...folders].filter((path) => !imagePaths.has(path)))(
    '%s is refused, with the image path of a backup',
    async (path) => {
      const examination = await examineAt(path, all);
      expect(examination).toMatchObject({
        fault: { code: 'path_not_a_backup' },
        level: null,
        contradictsRequest: true,
      });
      const detail = examination?.fault?.detail ?? '';
      const named = [...imagePaths].some((imagePath) => detail.includes(imagePath));
      expect(named || detail.includes('<name>')).toBe(true);
    },
  );

  test('a folder whose content is mostly something else is present', async () => {
    const beside: [string, Uint8Array][] = [['exports/vm-7/disk.img', seededBytes('disk', 400_000)]];
    const inside = [...all].map(([key, bytes]) => [`exports/vm-7/mounts/${key}`, bytes] as const);
    expect(await examineAt('exports/vm-7', [...beside, ...inside])).toMatchObject({ level: 'presence', fault: null });
  });
});

test.each(['disk.vmdk', 'disk.qcow2', 'machine.ova'])('a folder with a file called %s is present', async (name) => {
  const objects = [[`plan/vm-7/${name}`, seededBytes('disk', 1000)]] as const;
  expect(await examineAt('plan/vm-7', objects)).toMatchObject({ format: 'unknown', level: 'presence', fault: null });
});

describe('a place without content', () => {
  test.each([
    ['the folder marker of consoles', ['plan/b/']],
    ['the folder marker of Hadoop and nothing else', ['plan/b/_$folder$', 'plan/b/']],
    ['an empty object', ['plan/b']],
  ])('is not found: %s', async (_, keys) => {
    const examination = await examineAt(
      'plan/b',
      keys.map((key) => [key, new Uint8Array()] as const),
    );
    expect(examination?.fault).toMatchObject({ code: 'path_not_found' });
    expect(examination?.fault?.detail).toMatch(/backups\/plan\/b has only \d empty objects?, such as a folder marker/);
  });

  test('becomes present with its first byte', async () => {
    const objects: [string, Uint8Array][] = [
      ['plan/b/', new Uint8Array()],
      ['plan/b/disk.img', Uint8Array.of(1)],
    ];
    expect(await examineAt('plan/b', objects)).toMatchObject({ level: 'presence', fault: null });
  });
});

test('a single object costs two reads to look for a manifest, and while unchanged only its listing', async () => {
  const bucket = new Map([['plan/server/vm-7', Uint8Array.of(1)]]);
  const { unit, count } = countRequests(openMemoryStorageUnit(new Map([[item.bucket_name, bucket]])));
  const proofs = rememberProofs();
  const request = { ...item, image_path: 'plan/server/vm-7', resource_type: 'OS::VMware::Server' };
  proofs.remember(await examineBackups(unit, [request], proofs));
  expect(count()).toMatchObject({ lists: 1, gets: 2 });
  const [again] = await examineBackups(unit, [request], proofs);
  expect(again).toMatchObject({ level: 'presence', newProofs: [] });
  expect(count()).toMatchObject({ lists: 2, gets: 2 });
});

test('a manifest.json of other software does not keep a backup from being present', async () => {
  const objects: [string, Uint8Array][] = [
    ['app/manifest.json', Buffer.from('{"name": "app"}')],
    ['app/vm-7/disk.img', Uint8Array.of(1)],
    ['app/vm-7/inner/manifest.json', Buffer.from('{"name": "inner"}')],
  ];
  expect(await examineAt('app/vm-7', objects)).toMatchObject({ level: 'presence', fault: null });
  expect(await examineAt('app/manifest.json', objects)).toMatchObject({ level: 'presence', fault: null });
});

test('an object next to the objects of a manifest that does not name it is present', async () => {
  const manifest = knownFormats.find(({ format }) => format === 'manifest');
  if (manifest === undefined) throw new Error('the manifest is a known format');
  const path = `${manifest.item.image_path}/other.img`;
  const objects: (readonly [string, Uint8Array])[] = [...manifest.objects, [path, Uint8Array.of(1)]];
  expect(await examineAt(path, objects)).toMatchObject({ level: 'presence', fault: null });
});

test('a file called backup in a folder named by an id may be any software’s', () => {
  const folder = '6f/ea/6fea9211-38a5-cccc-c95f-c8b61fb35442';
  expect(findOwner(`${folder}/backup_full.img`)).toBeNull();
  expect(findOwner(`${folder}/backup-00001`)).toEqual({ imagePath: `${folder}/backup`, isExact: true });
});

test.each(knownFormats)(
  'a $format backup in the disk layout of MinIO is reported as such',
  async ({ objects, item: { image_path } }) => {
    await using buckets = await makeTestBuckets();
    await buckets.put(
      'backups',
      Array.from(objects, ([key, bytes]) => [`${key}/xl.meta`, bytes] as const),
    );
    await using storage = await openFilesystemStorageUnit({ id: 'disk', directory: buckets.directory });
    const [examination] = await examineBackups(storage, [{ ...item, image_path }]);
    expect(examination?.fault).toMatchObject({ code: 'path_not_a_backup' });
    expect(examination?.fault?.detail).toContain("use MinIO's S3 endpoint");
  },
);

describe('an outline of a place', () => {
  const minioKeys = ['disk.img/5c3f/part.1', 'disk.img/xl.meta', 'notes.txt/xl.meta'];
  const outlineOf = (keys: readonly string[], hasEtag: boolean) => {
    const outline = new PlaceOutline('plan/b', findOwner);
    for (const key of keys) outline.add(key, 10, hasEtag);
    return outline.finish();
  };

  test('recognises the disk layout of MinIO, but only in a directory', () => {
    expect(outlineOf(minioKeys, false)).toBe('minio');
    expect(outlineOf(['5c3f/part.1', 'xl.meta'], false)).toBe('minio');
    expect(outlineOf(minioKeys, true)).toBeNull();
  });

  test('accepts a backup of such a disk', () => {
    expect(outlineOf(['.minio.sys/format.json', ...minioKeys], false)).toBeNull();
    expect(outlineOf(['a.img', 'b.img', 'c.img', 'd.img', ...minioKeys], false)).toBeNull();
  });
});
