import { type PathTemplate, parsePathTemplate } from '@backup-sync/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys } from '../storage/key-order.ts';
import type { ObjectEntry } from '../storage/port.ts';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { writeQcow2 } from '../testing/qcow2-writer.ts';
import { scanOver } from '../testing/scan-over.ts';
import { seededBytes } from '../testing/seeded-bytes.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { type Candidate, findCandidates } from './find-candidates.ts';

const bucketName = 'backups';

const etcd = 'etcd-snapshot-x-1772330402';

/** What a scan finds among objects of these keys. */
async function scan(keys: readonly string[], changes: Parameters<typeof scanOver>[2]): Promise<readonly string[]> {
  const objects = new Map(keys.map((key) => [key, seededBytes(key, 600)] as const));
  const storage = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  await using over = await scanOver(storage, bucketName, changes);
  await over.run();
  expect(over.faults).toEqual([]);
  return (await over.findings()).map(({ state, format, image_path }) => `${state} ${format} ${image_path}`);
}

function entryOf(key: string, size: number): ObjectEntry {
  return { key, size, etag: 'etag', modifiedAtMs: 0, archived: false };
}

/** The candidates among listed objects, in pages of this size. */
async function candidatesOf(
  entries: readonly ObjectEntry[],
  template: PathTemplate | null,
  pageSize: number,
): Promise<readonly Candidate[]> {
  async function* pages() {
    for (let start = 0; start < entries.length; start += pageSize) yield entries.slice(start, start + pageSize);
  }
  const found: Candidate[] = [];
  for await (const { candidates } of findCandidates(pages(), { prefix: '', formats: null, template })) {
    found.push(...candidates);
  }
  return found;
}

describe('a path template that matches a folder', () => {
  const pathTemplate = '{plan}/{backup_id}';
  const template = parsePathTemplate(pathTemplate) as PathTemplate;

  test.each(['disk.vmdk', 'disk-flat.vmdk', 'disk.qcow2', 'vm.ova', 'images/disk.vmdk'])(
    'makes its file %s a part of that backup, for scans and for sources',
    async (name) => {
      const keys = [`plan/vm-7/${name}`, 'plan/vm-7/notes.txt', 'plan/vm-8/data.img'];
      const found = ['new unknown plan/vm-7', 'new unknown plan/vm-8'];
      expect(await scan(keys, { pathTemplate })).toEqual(found);
      // As the runs of a source with a template.
      expect(await scan(keys, { pathTemplate, formats: [] })).toEqual(found);
      // Also if the folder has nothing else.
      expect(await scan(keys.slice(0, 1), { pathTemplate })).toEqual(found.slice(0, 1));
    },
  );

  test('leaves a file alone that is the image path itself, or in no such folder', async () => {
    const keys = ['plan/vm-7/readme', 'plan/web.qcow2', 'top.qcow2'];
    const found = ['new unknown plan/vm-7', 'unreadable qcow2 plan/web.qcow2', 'unreadable qcow2 top.qcow2'];
    expect(await scan(keys, { pathTemplate })).toEqual(found);
  });

  test('does not make a package of a known format such a backup', async () => {
    const keys = ['plan/vm-7/disk.vmdk', 'plan/vm-7/vm.ovf'];
    expect(await scan(keys, { pathTemplate })).toEqual([
      'unreadable ovf plan/vm-7',
      'unreadable vmdk plan/vm-7/disk.vmdk',
    ]);
  });

  test.each([
    ['disk.qcow2', etcd],
    ['disk.qcow2', 'a-etcd.db'],
    ['disk.qcow2', 'a/nightly-etcd.db'],
    ['disk.qcow2', 'z/nightly-etcd.db'],
    ['disk.qcow2', 'pkg/web.ovf'],
    ['extra.qcow2', 'web.ovf'],
    ['disk.vmdk', 'z/nightly-etcd.db'],
    ['a/disk.vmdk', `z/${etcd}`],
    ['z/disk.vmdk', `a/${etcd}`],
    ['pkg/web.ova', 'c.ovf'],
    ['pkg/web.ova', 'pkg/c.ovf'],
  ])('with %s and %s, of another format, has both as backups by themselves', async (disk, other) => {
    const withTemplate = await scan([`plan/vm-7/${disk}`, `plan/vm-7/${other}`, 'plan/vm-7/notes.txt'], {
      pathTemplate,
    });
    const without = await scan([`plan/vm-7/${disk}`, `plan/vm-7/${other}`], {});
    expect(withTemplate).toEqual(without);
    expect(withTemplate).toHaveLength(2);
  });

  test('has its disks as backups by themselves only if their format is wanted', async () => {
    const keys = ['plan/vm-7/disk.qcow2', 'plan/vm-7/disk.vmdk', `plan/vm-7/${etcd}`];
    const found = ['unreadable vmdk plan/vm-7/disk.vmdk'];
    expect(await scan(keys, { pathTemplate, formats: ['vmdk'] })).toEqual(found);
  });

  test('shows an empty archive of its own as incomplete', async () => {
    const entries = [entryOf('plan/vm-7/vm.ova', 0), entryOf('plan/vm-7/z-etcd.db', 1)];
    expect(await candidatesOf(entries, template, 1000)).toMatchObject([
      { kind: 'committed', imagePath: 'plan/vm-7/z-etcd.db' },
      { kind: 'begun', imagePath: 'plan/vm-7/vm.ova' },
    ]);
  });

  test('stays a backup, with all its disks, if they are too many to keep in memory', async () => {
    const disks = Array.from({ length: 10_001 }, (_, index) => entryOf(`plan/vm-7/${100_000 + index}.qcow2`, 1));
    const others = [entryOf('plan/vm-7/nightly-etcd.db', 1), entryOf('plan/vm-7/z.qcow2', 1)];
    expect(await candidatesOf([...disks, ...others], template, 1000)).toMatchObject([
      { format: 'etcd', imagePath: 'plan/vm-7/nightly-etcd.db' },
      { format: 'unknown', imagePath: 'plan/vm-7', listing: { objectCount: 10_002 } },
    ]);
  });
});

describe('a recorded disk in a folder that a path template matches', () => {
  const disk = writeQcow2({ seed: 'recorded', imagePath: 'plan/vm-7/disk.qcow2', clusters: ['stored'] });

  test.each([
    ['is the only backup there', [], ['known qcow2 plan/vm-7/disk.qcow2']],
    [
      'stays a backup by itself if the folder has other content',
      ['plan/vm-7/other.raw'],
      ['known qcow2 plan/vm-7/disk.qcow2', 'new unknown plan/vm-7'],
    ],
  ])('%s', async (_, others, found) => {
    await using buckets = await makeTestBuckets();
    await buckets.put(bucketName, new Map([[disk.imagePath, disk.bytes]]));
    await using engine = await startClockedEngine(buckets.directory);
    const first = await engine.scan({ bucket_name: bucketName, sync: true });
    expect(await engine.imported(first.findings)).toMatchObject([{ status: 'success' }]);
    await buckets.put(bucketName, new Map(others.map((key) => [key, seededBytes(key, 600)])));
    const { findings } = await engine.scan({ bucket_name: bucketName, path_template: '{plan}/{backup_id}' });
    expect(findings.map(({ state, format, image_path }) => `${state} ${format} ${image_path}`)).toEqual(found);
  });
});

test('a scan of one folder of such a template finds its files by themselves', async () => {
  const changes = { pathTemplate: '{plan}/{backup_id}', prefix: 'plan/vm-7/' };
  expect(await scan(['plan/vm-7/disk.qcow2'], changes)).toEqual(['unreadable qcow2 plan/vm-7/disk.qcow2']);
});

test('each backup that a scan without a template finds is found by itself, or is in one by the template', async () => {
  const template = parsePathTemplate('{plan}/{backup_id}') as PathTemplate;
  const folder = fc.constantFrom('p/', 'p/a/', 'p/a-/', 'p/a.qcow2/', 'p/a/b/', 'p/a/z/', 'p/b/');
  const name = fc.constantFrom(
    'a.qcow2',
    'b.vmdk',
    'b-flat.vmdk',
    'c.ova',
    'd.ovf',
    'z.qcow2',
    'e-etcd.db',
    etcd,
    'notes.txt',
  );
  const key = fc.tuple(folder, name).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { maxLength: 14 }), fc.integer({ min: 1, max: 5 }), async (keys, size) => {
      const entries = keys.toSorted(compareKeys).map((each) => entryOf(each, 1));
      const alone = await candidatesOf(entries, null, size);
      const found = await candidatesOf(entries, template, size);
      const placesOf = (all: readonly Candidate[]) => all.map(({ format, imagePath }) => `${format} ${imagePath}`);
      const places = placesOf(found);
      expect(new Set(places).size).toBe(places.length);
      const groups = found.filter(({ kind }) => kind === 'unknown').map(({ imagePath }) => imagePath);
      const isInGroup = ({ imagePath }: Candidate) => groups.some((each) => imagePath.startsWith(`${each}/`));
      expect(places.filter((each) => !each.startsWith('unknown')).toSorted()).toEqual(
        placesOf(alone.filter((each) => !isInGroup(each))).toSorted(),
      );
    }),
  );
});
