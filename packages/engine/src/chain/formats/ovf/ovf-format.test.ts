import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { injectFault } from '../../../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import {
  diskBytes,
  filesOfPackage,
  grainsOfDisk,
  type PackagedFile,
  planOfPackage,
  storePackage,
  streamedDisk,
  syncItemOfPackage,
  writeManifestLines,
} from '../../../testing/ovf-writer.ts';
import { writeQcow2 } from '../../../testing/qcow2-writer.ts';
import { grainBytes } from '../../../testing/vmdk-writer.ts';
import { volumesOf } from '../../data.ts';
import { openChain } from '../../examiner.ts';
import { PackageMemory } from '../../package-memory.ts';
import { PathListings } from '../../path-listings.ts';
import { isSameContent } from '../../proof/link.ts';
import { replayChain } from '../../replay/replay-chain.ts';
import { findOwner } from '../formats.ts';
import { findNamingPackage } from './find-naming-package.ts';
import { ovfFormat } from './ovf-format.ts';
import { readPackageSet } from './package-set.ts';

const bucketName = 'backups';
const folder = 'exports/web-1';
const files = filesOfPackage(planOfPackage(folder));
const { signal } = new AbortController();

function unitWith(objects: Iterable<readonly [string, Uint8Array]>) {
  const unit = openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
  return injectFault(unit, { at: 'read', number: 1, slow: true }, 100);
}

async function scan(keys: readonly string[]): Promise<readonly string[]> {
  const { unit } = unitWith(keys.map((key) => [key, Uint8Array.of(1)]));
  const wanted = { prefix: '', formats: ['ovf' as const], template: null };
  const found: string[] = [];
  for await (const { candidates } of findCandidates(unit.list({ bucket: bucketName, prefix: '' }), wanted)) {
    found.push(...candidates.map(({ kind, imagePath }) => `${kind} ${imagePath}`));
  }
  return found;
}

test.each([
  ['exports/web/web.ovf', 'committed exports/web'],
  ['exports/2026-03-01/Web Server.OVF', 'committed exports/2026-03-01'],
  ['templates/app.ova', 'committed templates/app.ova'],
  ['app.ova', 'committed app.ova'],
])('a scan finds %s: %s', async (key, found) => {
  expect(await scan([key])).toEqual([found]);
});

test('a scan takes a manifest, a disk or a hidden file alone for no package', async () => {
  expect(
    await scan(['a/._web.ovf', 'a/._web.ova', 'META-INF/MANIFEST.MF', 'a/web.mf', 'a/web.vmdk', 'a/.ova', 'web.ovf']),
  ).toEqual([]);
});

test('several packages of a folder are found once', async () => {
  expect(await scan(['a/db.ovf', 'a/db.vmdk', 'a/web.ovf', 'b/web.ovf'])).toEqual(['committed a', 'committed b']);
});

test('a descriptor belongs to the package in its folder', () => {
  expect(findOwner(`${folder}/web.ovf`)).toEqual({ imagePath: folder, isExact: true });
});

test('files that a descriptor references are of its package, others next to it are not', async () => {
  const nested = [
    `exports/2026/web.ovf`,
    Buffer.from(files[0]?.[1] ?? [])
      .toString()
      .replace('web-base', 'disks/web-base'),
  ];
  const { unit: storage, log } = unitWith([
    ...storePackage(folder, files),
    [nested[0] ?? '', Buffer.from(nested[1] ?? '')],
    ...['lone/web-base.vmdk', `${folder}/other.vmdk`, 'exports/2026/disks/web-base.vmdk'].map(
      (key) => [key, Uint8Array.of(1)] as const,
    ),
  ]);
  const packages = { memory: new PackageMemory(() => 0), notBeforeMs: () => 0 };
  const context = { storage, bucketName, signal, packages };
  const named = (path: string) => findNamingPackage(context, path);
  expect(await named(`${folder}/web-base.vmdk`)).toBe(folder);
  expect(await named(`${folder}/web-delta.vmdk`)).toBe(folder);
  expect([log.pages, log.reads]).toEqual([1, 1]);
  expect(await named(`${folder}/web.mf`)).toBe(folder);
  expect(await named(`${folder}/other.vmdk`)).toBeNull();
  expect(await named('lone/web-base.vmdk')).toBeNull();
  expect(await named('exports/2026/disks/web-base.vmdk')).toBe('exports/2026');
});

describe.each([
  ['vmdk', 'web-base.vmdk', streamedDisk('base').bytes],
  ['qcow2', 'web.qcow2', writeQcow2({ seed: 'web', imagePath: 'web.qcow2', clusters: ['stored'] }).bytes],
])('a request for a %s disk that a package references', (format, name, bytes) => {
  const disks = [{ id: 'disk', file: { name, bytes }, capacityBytes: diskBytes }];
  const { unit } = unitWith(storePackage(folder, filesOfPackage(planOfPackage(folder, { disks }))));
  const item = { ...syncItemOfPackage(folder, bucketName), image_path: `${folder}/${name}` };

  test('is refused, and names the package', async () => {
    const [examination] = await examineBackups(unit, [item]);
    expect(examination).toMatchObject({
      format,
      contradictsRequest: true,
      fault: { code: 'path_not_a_backup', detail: `${bucketName}/${item.image_path} is part of ${folder}` },
    });
  });

  test('is not refused while the disk has a record', async () => {
    const [examination] = await examineBackups(unit, [item], { hasRecord: async () => true });
    expect(examination).toMatchObject({ format, fault: null });
  });
});

test('ids depend on the place of a package, and packages of a machine are of one resource', async () => {
  const places = ['exports/monday/web', 'exports/tuesday/web', 'templates/web.ova'];
  const { unit: storage } = unitWith(places.flatMap((place) => [...storePackage(place, files)]));
  const describedAt = (place: string) => ovfFormat.describe({ storage, bucketName, signal }, place);
  const described = await Promise.all(places.map(describedAt));
  for (const each of described) {
    expect(each).toMatchObject({ originalName: 'web', resourceName: 'web', resourceType: 'OS::VMware::Server' });
    expect(each.backupId).toMatch(/^web-[0-9a-f]{12}$/);
  }
  expect(new Set(described.map(({ backupId }) => backupId)).size).toBe(3);
  expect(new Set(described.map(({ resourceId }) => resourceId)).size).toBe(1);
});

test.each([
  // Two requests for each of two disks; before that, two documents, or the beginning of the archive.
  ['a folder', folder, 6],
  ['an archive', 'templates/web.ova', 5],
])('%s costs few requests, and while it is unchanged only its share of the listing', async (_, imagePath, reads) => {
  const { unit, log } = unitWith(storePackage(imagePath, files));
  const item = syncItemOfPackage(imagePath, bucketName);
  const { remember, ...memory } = rememberProofs();
  const first = await examineBackups(unit, [item], memory);
  expect([first[0]?.level, log.pages, log.reads]).toEqual(['linkage', 1, reads]);
  remember(first, [item]);
  const [again] = await examineBackups(unit, [item], memory);
  expect([again?.level, again?.newProofs, log.pages, log.reads]).toEqual(['linkage', [], 2, reads]);
});

test('a folder with thousands of other files is listed once more, and read no further', async () => {
  const others = Array.from({ length: 1200 }, (_, at) => [`${folder}/other/${at}`, Uint8Array.of(1)] as const);
  const { unit, log } = unitWith([...storePackage(folder, files), ...others]);
  const [examination] = await examineBackups(unit, [syncItemOfPackage(folder, bucketName)]);
  expect(examination).toMatchObject({ level: 'linkage', fault: null });
  expect(examination?.remark).toMatch(/^1,200 other files next to it: other\/0, other\/1, other\/10, …$/);
  expect([log.pages, log.reads]).toEqual([2 * 13, 6]);
});

describe.each([
  ['few', []],
  ['thousands of', Array.from({ length: 1200 }, (_, at) => [`exports/notes/${at}`, Uint8Array.of(1)] as const)],
])('packages in one another, with %s other files', (_, others) => {
  const placed = ['exports', 'exports/a', 'exports/a/b', 'exports/z'].flatMap((place) => [
    ...storePackage(place, files),
  ]);
  const { unit, log } = unitWith([...placed, ...others]);

  test.each(['exports', 'exports/a', 'exports/z'])('count their own objects: %s', async (place) => {
    log.pages = 0;
    const [examination] = await examineBackups(unit, [syncItemOfPackage(place, bucketName)]);
    const own = place === 'exports' ? [...storePackage(place, files), ...others] : [...storePackage(place, files)];
    const storedBytes = own.reduce((sum, [, bytes]) => sum + bytes.length, 0);
    expect(examination).toMatchObject({
      level: 'linkage',
      fault: null,
      listing: { objectCount: own.length, storedBytes },
    });
    expect(examination?.remark ?? '').not.toContain('ovf');
  });
});

test('a file that a package references in the folder of another one is counted for both', async () => {
  const disks = [
    { id: 'disk', file: { name: 'a/disk.vmdk', bytes: streamedDisk('a').bytes }, capacityBytes: diskBytes },
  ];
  const parent = filesOfPackage(planOfPackage('exports', { disks, algorithm: null }));
  const nested = filesOfPackage(planOfPackage('exports/a', { name: 'a', algorithm: null, disks: [] }));
  const { unit } = unitWith([...storePackage('exports', parent), ...storePackage('exports/a', nested)]);
  const [examination] = await examineBackups(unit, [syncItemOfPackage('exports', bucketName)]);
  expect(examination).toMatchObject({ level: 'linkage', fault: null, listing: { objectCount: parent.length } });
});

test.each(['disk.vmdk', 'a/disk.vmdk', 'a/b/c/d/disk.vmdk'])(
  'a disk at %s is found to be part of a package four folders above it or less, or next to it',
  async (name) => {
    const disks = [{ id: 'disk', file: { name, bytes: Uint8Array.of(1) }, capacityBytes: diskBytes }];
    const { unit: storage, log } = unitWith(storePackage(folder, filesOfPackage(planOfPackage(folder, { disks }))));
    const context = { storage, bucketName, signal };
    expect(await findNamingPackage(context, `${folder}/${name}`)).toBe(folder);
    expect([log.pages, log.reads]).toEqual([name.split('/').length, 1]);
    expect(await findNamingPackage(context, `${folder}/a/b/c/d/e/${name}`)).toBeNull();
  },
);

test('of a folder with thousands of other files, only those of the package are kept', async () => {
  const others = Array.from({ length: 1200 }, (_, at) => [`${folder}/other/${at}.bin`, Uint8Array.of(1)] as const);
  const { unit: storage } = unitWith([...storePackage(folder, files), ...others]);
  const context = { storage, bucketName, signal };
  const listings = new PathListings(context);
  const place = await listings.at(bucketName, folder);
  if (place === null) throw new Error('the folder is listed');
  const { stored } = await readPackageSet({ ...context, listings, nowMs: () => 0 }, place);
  expect([...stored.files.keys()].toSorted()).toEqual(files.map(([path]) => path).toSorted());
});

test.each([folder, 'templates/web.ova'])(
  'disks expand with what they build on, and empty ones are left out: %s',
  async (imagePath) => {
    const { unit: storage } = unitWith(storePackage(imagePath, files));
    const chain = await openChain(chainContext(storage, bucketName, [imagePath]));
    const data = await chain.openData(syncItemOfPackage(imagePath, bucketName));
    const volumes = data === null ? [] : volumesOf(data);
    const expanded = volumes.map(async ({ disk, volume }) => {
      const { fault, sha256 } = await replayChain(volume, { storage, opening: null, sink: null, signal });
      return { disk, fault, sha256 };
    });
    const base = Buffer.alloc(diskBytes);
    const write = (grains: ReadonlyMap<number, Uint8Array>) => {
      for (const [grain, bytes] of grains) base.set(bytes, grain * grainBytes);
      return createHash('sha256').update(base).digest('hex');
    };
    expect(await Promise.all(expanded)).toEqual([
      { disk: 'base', fault: null, sha256: write(grainsOfDisk(`base of ${folder}`, false)) },
      { disk: 'delta', fault: null, sha256: write(grainsOfDisk(`delta of ${folder}`, true)) },
    ]);
  },
);

test('a file is proved once, however many disks have it', async () => {
  const { bytes } = streamedDisk('one');
  const readsOf = async (count: number) => {
    const disks = Array.from({ length: count }, (_, at) => ({
      ...{ id: `disk-${at}`, file: { name: 'one.vmdk', bytes }, capacityBytes: diskBytes },
    }));
    const { unit, log } = unitWith(storePackage(folder, filesOfPackage(planOfPackage(folder, { disks }))));
    const [examination] = await examineBackups(unit, [syncItemOfPackage(folder, bucketName)]);
    expect(examination).toMatchObject({ fault: null, level: 'linkage' });
    return log.reads;
  };
  expect(await readsOf(50)).toBe(await readsOf(1));
});

test('disks of the same file are one volume, and another disk is not', async () => {
  const disk = (id: string, name: string, seed: string) => ({
    ...{ id, file: { name, bytes: streamedDisk(seed).bytes }, capacityBytes: diskBytes },
  });
  const disks = [disk('a', 'one.vmdk', 'one'), disk('b', 'one.vmdk', 'one'), disk('c', 'two.vmdk', 'two')];
  const { unit } = unitWith(storePackage(folder, filesOfPackage(planOfPackage(folder, { disks }))));
  const data = await (await openChain(chainContext(unit, bucketName, [folder]))).openData(
    syncItemOfPackage(folder, bucketName),
  );
  const [a, b, c] = data === null ? [] : volumesOf(data);
  expect([a?.disk, b?.disk, c?.disk]).toEqual(['a', 'b', 'c']);
  expect(b?.volume).toBe(a?.volume);
  expect(c?.volume).not.toBe(a?.volume);
});

test('copies of a package with a manifest have one content, in a folder or in an archive', async () => {
  const ids = [folder, 'exports/copy', 'templates/web.ova'].map(async (imagePath) => {
    const { unit } = unitWith(storePackage(imagePath, files));
    const [examination] = await examineBackups(unit, [syncItemOfPackage(imagePath, bucketName)]);
    return examination?.contentId;
  });
  expect(new Set(await Promise.all(ids)).size).toBe(1);
});

describe('the content of a package', () => {
  const bare = filesOfPackage(planOfPackage(folder, { algorithm: null }));
  const manifestOf = (of: readonly PackagedFile[]): PackagedFile => [
    'web.mf',
    Buffer.from(writeManifestLines('sha256', of)),
  ];
  const other = bare.map(([path, bytes]): PackagedFile => {
    return [path, path === 'web-base.vmdk' ? Buffer.concat([bytes.subarray(0, -1), Uint8Array.of(1)]) : bytes];
  });
  const contentIdOf = async (objects: Iterable<readonly [string, Uint8Array]>) => {
    const { unit } = unitWith(objects);
    const [examination] = await examineBackups(unit, [syncItemOfPackage(folder, bucketName)]);
    return examination?.contentId ?? null;
  };
  const stored = (of: readonly PackagedFile[]) => [...storePackage(folder, of)];
  const nested = storePackage(`${folder}/nested`, bare);
  const [, text = new Uint8Array()] = manifestOf(bare);

  test.each([
    ['another file next to it', [...stored(bare), [`${folder}/README.txt`, Uint8Array.of(1)] as const]],
    ['another package below it', [...stored(bare), ...nested]],
    ['a manifest', stored([...bare, manifestOf(bare)])],
  ])('stays the same with %s', async (_, objects) => {
    expect(isSameContent(await contentIdOf(stored(bare)), await contentIdOf(objects))).toBe(true);
  });

  test('stays the same if its manifest is written again, and differs with its digests', async () => {
    const contentId = await contentIdOf(stored([...bare, manifestOf(bare)]));
    const windows = Buffer.from(Buffer.from(text).toString().replaceAll('\n', '\r\n'));
    expect(await contentIdOf(stored([...bare, ['web.mf', windows]]))).toBe(contentId);
    const changed = await contentIdOf(stored([...other, manifestOf(other)]));
    expect(isSameContent(changed, contentId)).toBe(false);
  });
});
