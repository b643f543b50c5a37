import { describe, expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { openChangingRepository } from '../../../testing/changing-repository.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { injectFault } from '../../../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { syncItemsOfRestic, writeResticRepository } from '../../../testing/restic-writer.ts';
import type { EdgeProof } from '../../proof/link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { findOwner } from '../formats.ts';
import { parseSnapshotPath } from './repository-path.ts';
import { resticFormat } from './restic-format.ts';
import { ResticRepository } from './restic-repository.ts';

const bucketName = 'backups';
const name = '0123456789abcdef'.repeat(4);

function unitWith(keys: readonly string[]) {
  return openMemoryStorageUnit(new Map([[bucketName, new Map(keys.map((key) => [key, Uint8Array.of(1)]))]]));
}

async function scan(keys: readonly string[]): Promise<readonly string[]> {
  const pages = unitWith(keys).list({ bucket: bucketName, prefix: '' });
  const found: string[] = [];
  for await (const { candidates } of findCandidates(pages, { prefix: '', formats: null, template: null })) {
    found.push(...candidates.map(({ kind, format, imagePath }) => `${kind} ${format} ${imagePath}`));
  }
  return found;
}

test.each([`a/b/snapshots/${name}`, `snapshots/${name}`, `a/snapshot/${name}`])('a scan finds %s', async (key) => {
  expect(await scan([key])).toEqual([`committed restic ${key}`]);
});

test.each([
  `a/snapshots/${name.toUpperCase()}`,
  `a/snapshots/${name.slice(1)}`,
  `a/snapshots/${name}.json`,
  `a/snapshots/${name}/part`,
  `a/data/01/${name}`,
  'a/config',
])('a scan takes %s for no snapshot', async (key) => {
  expect(await scan([key])).toEqual([]);
});

test.each([`a/data/01/${name}`, `a/index/${name}`, `a/keys/${name}`, `a/locks/${name}`, `a/key/${name}`])(
  '%s belongs to the snapshots of its repository',
  (key) => {
    expect(findOwner(key)).toEqual({ imagePath: 'a/snapshots/<name>', isExact: false });
  },
);

test('ids are the names of snapshots, and those of one repository are of one resource', async () => {
  const keys = [`site/a/snapshots/${name}`, `site/a/snapshots/${'b'.repeat(64)}`, `site/b/snapshots/${name}`];
  const context = { storage: unitWith(keys), bucketName, signal: new AbortController().signal };
  const [x, y, other] = await Promise.all(keys.map((key) => resticFormat.describe(context, key)));
  expect(x).toMatchObject({ backupId: name, resourceName: 'site/a', resourceType: 'Restic::Repository' });
  expect(x?.resourceId).toMatch(/^a-[0-9a-f]{12}$/);
  expect(y?.resourceId).toBe(x?.resourceId);
  expect(other?.resourceId).not.toBe(x?.resourceId);
});

test('a sync of all snapshots costs one listing and the keys, and an unchanged one only the listing', async () => {
  const repository = writeResticRepository({ seed: 'many', folder: 'office', snapshots: 20, keys: 2 });
  const items = syncItemsOfRestic(repository, bucketName);
  const memory = openMemoryStorageUnit(new Map([[bucketName, repository.objects]]));
  const { unit, log } = injectFault(memory, null, 100);
  const { remember, ...recorded } = rememberProofs();
  const first = await examineBackups(unit, items, recorded);
  const pages = Math.ceil(repository.objects.size / 100);
  expect(first.map((each) => each?.level)).toEqual(items.map(() => 'metadata'));
  expect([log.pages, log.reads]).toEqual([pages, 2]);
  remember(first, items);
  const again = await examineBackups(unit, items, recorded);
  expect(again.flatMap((each) => each?.newProofs)).toEqual([]);
  expect([log.pages, log.reads]).toEqual([2 * pages, 2]);
});

test('a scan needs no request for a snapshot that it has just listed', async () => {
  const { unit, log } = injectFault(unitWith([`a/snapshots/${name}`]), null, 100);
  const context = { storage: unit, bucketName, signal: new AbortController().signal };
  const mark = { key: `a/snapshots/${name}`, size: 1, etag: null, modifiedAtMs: 1_772_330_402_000, archived: false };
  expect(await resticFormat.describe(context, mark.key, mark)).toMatchObject({ createdAtS: 1_772_330_402 });
  expect(log.reads).toBe(0);
});

describe('damage that reading has found', () => {
  /** A repository whose first snapshot was recorded with a damaged pack. */
  async function openDamaged() {
    const repository = openChangingRepository(bucketName);
    const items = syncItemsOfRestic(repository.written, bucketName).slice(0, 1);
    const { remember, ...recorded } = rememberProofs();
    const examinations = await examineBackups(repository.storage, items, recorded);
    remember(examinations, items);
    const [damaged = '', other = ''] = repository.keysIn('data');
    const withFault = (proof: EdgeProof): EdgeProof => ({
      ...proof,
      fault: { code: 'content_mismatch', detail: `${damaged}: its SHA-256 is another` },
    });
    const findProofs = async (ids: readonly string[]) => (await recorded.findProofs(ids)).map(withFault);
    const examine = async () => {
      const [examination] = await examineBackups(repository.storage, items, { ...recorded, findProofs });
      return examination?.fault?.code ?? null;
    };
    return { ...repository, damaged, other, examine };
  }

  test('stays while the object is there, whatever else is added, lost or pruned', async () => {
    const { examine, backUp, prune, remove, keysIn, other } = await openDamaged();
    expect(await examine()).toBe('content_mismatch');
    backUp();
    expect(await examine()).toBe('content_mismatch');
    prune(other);
    expect(await examine()).toBe('content_mismatch');
    remove(keysIn('data').at(-1) ?? '');
    expect(await examine()).toBe('content_mismatch');
  });

  test('is over when the object was pruned', async () => {
    const { examine, prune, damaged } = await openDamaged();
    prune(damaged);
    expect(await examine()).toBeNull();
  });
});

describe('a repository with more objects than are kept', () => {
  const open = async (repository: ReturnType<typeof openChangingRepository>) => {
    const [imagePath = ''] = repository.written.snapshots;
    const path = parseSnapshotPath(imagePath);
    if (path === null) throw new Error('the repository has a snapshot');
    const context = chainContext(repository.storage, bucketName, [imagePath], { dataFollows: true });
    const opened = await ResticRepository.open(context, path, 2);
    const entry = opened.snapshotAt(imagePath);
    if (entry === null) throw new Error('the snapshot is listed');
    return async () => {
      const keys: string[] = [];
      for await (const batch of opened.contentsFor(entry, path.name)) keys.push(...batch.map(({ key }) => key));
      return keys;
    };
  };

  test('is listed again to be read, without what was written since', async () => {
    const repository = openChangingRepository(bucketName);
    const contents = await open(repository);
    const [first = '', second = ''] = repository.written.snapshots;
    const isExpected = (key: string) => key !== second && !key.startsWith('office/keys/');
    const expected = [...repository.written.objects.keys()].filter(isExpected);
    expect((await contents()).toSorted()).toEqual(expected.toSorted());
    repository.backUp();
    expect((await contents()).toSorted()).toEqual(expected.toSorted());
    expect((await contents())[0]).toBe(first);
  });

  test('cannot be read to its end if something was deleted meanwhile', async () => {
    const repository = openChangingRepository(bucketName);
    const contents = await open(repository);
    repository.remove(repository.keysIn('data')[0] ?? '');
    await expect(contents()).rejects.toThrow(ReadFault);
  });
});
