import { expect, test } from 'vitest';
import { findCandidates } from '../../../scans/find-candidates.ts';
import { syncItemOfEtcd, writeEtcdSnapshot } from '../../../testing/etcd-writer.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { injectFault } from '../../../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { findOwner } from '../formats.ts';
import { etcdFormat } from './etcd-format.ts';

const bucketName = 'backups';
const snapshot = writeEtcdSnapshot({
  ...{ seed: 'daily', folder: 'site/cluster-a', madeAtMs: Date.UTC(2026, 1, 1, 2) },
  ...{ pageBytes: 4096, pages: 4, kind: 'snapshot' },
});

function unitWith(objects: Iterable<readonly [string, Uint8Array]>) {
  return openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
}

async function scan(keys: readonly string[]): Promise<readonly string[]> {
  const pages = unitWith(keys.map((key) => [key, Uint8Array.of(1)])).list({ bucket: bucketName, prefix: '' });
  const found: string[] = [];
  for await (const { candidates } of findCandidates(pages, { prefix: '', formats: null, template: null })) {
    found.push(...candidates.map(({ kind, format, imagePath }) => `${kind} ${format} ${imagePath}`));
  }
  return found;
}

test.each([
  ['a/etcd-snapshot-server-1-1772330402', 'committed etcd a/etcd-snapshot-server-1-1772330402'],
  ['on-demand-server-1-1772330402', 'committed etcd on-demand-server-1-1772330402'],
  ['a/nightly-ETCD.db', 'committed etcd a/nightly-ETCD.db'],
  ['a/etcd-snapshot-server-1-1772330402.part', 'begun etcd a/etcd-snapshot-server-1-1772330402'],
])('a scan finds %s: %s', async (key, found) => {
  expect(await scan([key])).toEqual([found]);
});

test.each([
  'a/etcd-snapshot-server-1-1772330402.zip',
  'a/etcd-snapshot-server-1',
  'a/.metadata/etcd-snapshot-server-1-1772330402',
  'a/snapshot.db',
  'etcd/notes.txt',
])('a scan takes %s for no snapshot', async (key) => {
  expect(await scan([key])).toEqual([]);
});

test('a snapshot whose .part was left behind is finished', async () => {
  const { imagePath } = snapshot;
  expect(await scan([imagePath, `${imagePath}.part`])).toEqual([`committed etcd ${imagePath}`]);
});

test('what k3s keeps about a snapshot belongs to it', () => {
  const owner = { imagePath: 'a/etcd-snapshot-server-1-1772330402', isExact: true };
  expect(findOwner('a/.metadata/etcd-snapshot-server-1-1772330402')).toEqual(owner);
});

test('ids depend on the place of a snapshot, and snapshots of one folder are of one resource', async () => {
  const keys = ['a/etcd-snapshot-x-1772330402', 'a/etcd-snapshot-y-1772330402', 'b/etcd-snapshot-x-1772330402'];
  const storage = unitWith(keys.map((key) => [key, Uint8Array.of(1)]));
  const context = { storage, bucketName, signal: new AbortController().signal };
  const [x, y, other] = await Promise.all(keys.map((key) => etcdFormat.describe(context, key)));
  expect(x).toMatchObject({ originalName: 'etcd-snapshot-x-1772330402', resourceName: 'a', createdAtS: 1_772_330_402 });
  expect(y?.resourceId).toBe(x?.resourceId);
  expect(other?.resourceId).not.toBe(x?.resourceId);
  expect(new Set([x, y, other].map((each) => each?.backupId)).size).toBe(3);
});

test('a sync reads a sector, and an unchanged snapshot costs only its share of the listing', async () => {
  const { unit, log } = injectFault(
    unitWith([[snapshot.imagePath, snapshot.bytes]]),
    { at: 'read', number: 1, slow: true },
    100,
  );
  const item = syncItemOfEtcd(snapshot, bucketName);
  const { remember, ...memory } = rememberProofs();
  const first = await examineBackups(unit, [item], memory);
  expect([first[0]?.level, log.pages, log.reads, log.faultyBytes]).toEqual(['inventory', 1, 1, 512]);
  remember(first, [item]);
  const [again] = await examineBackups(unit, [item], memory);
  expect([again?.level, again?.newProofs, log.pages, log.reads]).toEqual(['inventory', [], 2, 1]);
});
