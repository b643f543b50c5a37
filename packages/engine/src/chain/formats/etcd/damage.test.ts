import { describe, expect, test } from 'vitest';
import { syncItemOfEtcd, type WrittenSnapshot, writeEtcdSnapshot } from '../../../testing/etcd-writer.ts';
import { examineBackups } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';
import { etcdFormat } from './etcd-format.ts';
import { fnv1a } from './meta-page.ts';

const plan = {
  seed: 'damaged',
  folder: 'cluster-a',
  madeAtMs: Date.UTC(2026, 1, 1, 2),
  pageBytes: 4096,
  pages: 5,
} as const;
const snapshot = writeEtcdSnapshot({ ...plan, kind: 'snapshot' });
const copy = writeEtcdSnapshot({ ...plan, kind: 'copy' });

function storageWith({ imagePath }: WrittenSnapshot, bytes: Uint8Array) {
  return openMemoryStorageUnit(new Map([['backups', new Map([[imagePath, bytes]])]]));
}

const prove = (written: WrittenSnapshot, bytes: Uint8Array) =>
  proveAllLevels(storageWith(written, bytes), syncItemOfEtcd(written, 'backups'));

function flipped(bytes: Uint8Array, ...places: readonly number[]): Uint8Array {
  const changed = Uint8Array.from(bytes);
  for (const at of places) changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

test.each([
  ['a snapshot', snapshot, { form: { ceiling: 'content', gaps: [] }, limit: null }],
  [
    'a copy of the database',
    copy,
    { form: { ceiling: 'inventory', gaps: ['no_digest'] }, limit: expect.stringContaining('without a hash') },
  ],
] as const)('%s says how far it can be proved', async (_, written, expected) => {
  const [examination] = await examineBackups(storageWith(written, written.bytes), [syncItemOfEtcd(written, 'backups')]);
  expect(examination).toMatchObject({
    format: 'etcd',
    level: 'inventory',
    fault: null,
    incremental: false,
    ...expected,
  });
  expect(await prove(written, written.bytes)).toEqual({ foundBy: null, code: null, level: 'inventory' });
});

test('a copy of the database may be longer than the pages that are used', async () => {
  const longer = Buffer.concat([copy.bytes, new Uint8Array(2 * 4096)]);
  expect(await prove(copy, longer)).toEqual({ foundBy: null, code: null, level: 'inventory' });
});

test('one description that was being written when the database was copied does no harm', async () => {
  expect(await prove(copy, flipped(copy.bytes, 60))).toEqual({ foundBy: null, code: null, level: 'inventory' });
  expect(await prove(snapshot, flipped(snapshot.bytes, 60))).toMatchObject({ foundBy: 'content' });
});

/** A copy of a database whose second description is the newer one. */
function copyWith([first, second]: readonly [number, number], stored: number, transaction = 13): Uint8Array {
  const bytes = Buffer.from(writeEtcdSnapshot({ ...plan, pages: 20, kind: 'copy' }).bytes);
  for (const [number, pages, written] of [
    [0, first, 12],
    [1, second, transaction],
  ] as const) {
    const page = bytes.subarray(number * 4096, (number + 1) * 4096);
    page.writeBigUInt64LE(BigInt(pages), 56);
    page.writeBigUInt64LE(BigInt(written), 64);
    page.writeBigUInt64LE(fnv1a(page.subarray(16, 72)), 72);
  }
  return bytes.subarray(0, stored * 4096);
}

test('copies of two states that differ only in the newer description are different backups', async () => {
  const [one, other] = await Promise.all(
    [13, 15].map(async (transaction) => {
      const storage = storageWith(copy, copyWith([20, 20], 20, transaction));
      const [examination] = await examineBackups(storage, [syncItemOfEtcd(copy, 'backups')]);
      return examination?.contentId;
    }),
  );
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(other).not.toBe(one);
});

describe('an object with a name that other programs use, too', () => {
  const at = (imagePath: string, bytes: Uint8Array) => ({
    storage: openMemoryStorageUnit(new Map([['backups', new Map([[imagePath, bytes]])]])),
    item: { ...syncItemOfEtcd(snapshot, 'backups'), image_path: imagePath },
  });
  const names = ['x/notes-etcd-howto.db', 'x/on-demand-report-1772330402'];

  test.each(names)('%s is no snapshot of etcd without its content', async (imagePath) => {
    const { storage, item } = at(imagePath, seededBytes('a report', 100_000));
    expect(await examineBackups(storage, [item])).toMatchObject([
      { format: 'unknown', level: 'presence', fault: null },
    ]);
    const context = { storage, bucketName: 'backups', signal: new AbortController().signal };
    await expect(etcdFormat.describe(context, imagePath)).rejects.toThrow('does not begin as one');
  });

  test.each(names)('%s is one with it, damaged or not', async (imagePath) => {
    for (const [bytes, code] of [
      [copy.bytes, null],
      [snapshot.bytes, null],
      [flipped(copy.bytes, 60, 4096 + 60), 'metadata_unreadable'],
      [flipped(copy.bytes, 16, 4096 + 60), 'metadata_unreadable'],
      [seededBytes('overwritten', snapshot.bytes.length), 'metadata_unreadable'],
    ] as const) {
      const { storage, item } = at(imagePath, bytes);
      const [examination] = await examineBackups(storage, [item]);
      expect([examination?.format, examination?.fault?.code ?? null]).toEqual(['etcd', code]);
    }
  });

  test('the names of k3s are distinctive', async () => {
    const { storage, item } = at('x/etcd-snapshot-server-1-1772330402', new Uint8Array(100_000));
    expect(await examineBackups(storage, [item])).toMatchObject([
      { format: 'etcd', fault: { code: 'metadata_unreadable' } },
    ]);
  });
});

describe('damage of a snapshot', () => {
  const { bytes } = snapshot;
  test.each([
    ['cut by a byte', bytes.subarray(0, -1), 'inventory', 'object_size_impossible'],
    [
      'cut by a page',
      Buffer.concat([bytes.subarray(0, 4 * 4096), bytes.subarray(-32)]),
      'inventory',
      'object_size_impossible',
    ],
    [
      'with a page too many',
      Buffer.concat([bytes.subarray(0, -32), new Uint8Array(4096), bytes.subarray(-32)]),
      'inventory',
      'object_size_impossible',
    ],
    ['with half of its hash', bytes.subarray(0, -16), 'inventory', 'object_size_impossible'],
    ['with a byte of data flipped', flipped(bytes, 3 * 4096 + 7), 'content', 'content_mismatch'],
    ['with a byte of its hash flipped', flipped(bytes, bytes.length - 1), 'content', 'content_mismatch'],
    ['with both descriptions damaged', flipped(bytes, 60, 4096 + 60), 'metadata', 'metadata_unreadable'],
    ['replaced by something else', seededBytes('foreign', bytes.length), 'metadata', 'metadata_unreadable'],
    ['cut to a few bytes', bytes.subarray(0, 20), 'metadata', 'metadata_unreadable'],
    ['emptied', bytes.subarray(0, 0), 'metadata', 'metadata_unreadable'],
  ] as const)('%s', async (_, damaged, foundBy, code) => {
    expect(await prove(snapshot, damaged)).toMatchObject({ foundBy, code });
  });

  test('a copy of the database that was cut by a page', async () => {
    const proof = await prove(copy, copy.bytes.subarray(0, -4096));
    expect(proof).toMatchObject({ foundBy: 'inventory', code: 'object_size_impossible' });
  });

  test.each([10, 12, 19])('a copy whose newer description says 20 pages was cut to %i', async (stored) => {
    const pages = [10, 20] as const;
    expect(await prove(copy, copyWith(pages, 20))).toMatchObject({ foundBy: null, level: 'inventory' });
    const proof = await prove(copy, copyWith(pages, stored));
    expect(proof).toMatchObject({ foundBy: 'inventory', code: 'object_size_impossible' });
  });

  test('a snapshot without its hash is a copy of the database: less can be proved, but nothing is wrong', async () => {
    const [examination] = await examineBackups(storageWith(snapshot, bytes.subarray(0, -32)), [
      syncItemOfEtcd(snapshot, 'backups'),
    ]);
    expect(examination).toMatchObject({ level: 'inventory', fault: null, form: { ceiling: 'inventory' } });
  });
});
