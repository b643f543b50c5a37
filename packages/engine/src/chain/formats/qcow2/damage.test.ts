import { describe, expect, test } from 'vitest';
import { examineBackups } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';
import { syncItemOfQcow2, type WrittenQcow2, writeQcow2 } from '../../../testing/qcow2-writer.ts';
import { seededBytes } from '../../../testing/seeded-bytes.ts';

const bucketName = 'backups';
const base = writeQcow2({
  ...{ seed: 'base', imagePath: 'vm/base.qcow2' },
  clusters: ['stored', 'nothing', 'compressed', 'compressed', 'zeros', 'stored'],
});
const overlay = writeQcow2({
  ...{ seed: 'overlay', imagePath: 'vm/overlay.qcow2', backing: { name: 'base.qcow2', format: 'qcow2' } },
  clusters: ['nothing', 'stored', 'nothing', 'zeros', 'nothing', 'stored'],
});

/** A bucket with both images, of which some objects are replaced or removed. */
function bucketWith(changes: Readonly<Record<string, Uint8Array | null>> = {}) {
  const objects = new Map<string, Uint8Array>([base, overlay].map(({ imagePath, bytes }) => [imagePath, bytes]));
  for (const [key, bytes] of Object.entries(changes)) {
    if (bytes === null) objects.delete(key);
    else objects.set(key, bytes);
  }
  return openMemoryStorageUnit(new Map([[bucketName, objects]]));
}

const prove = (image: WrittenQcow2, changes?: Parameters<typeof bucketWith>[0]) =>
  proveAllLevels(bucketWith(changes), syncItemOfQcow2(image, bucketName));

type Change = (bytes: Buffer) => Uint8Array;
const at =
  (place: number, change: (bytes: Buffer, place: number) => void): Change =>
  (bytes) => {
    change(bytes, place);
    return bytes;
  };
const setWord = (place: number, value: bigint): Change => at(place, (bytes) => bytes.writeBigUInt64BE(value, place));
const setNumber = (place: number, value: number): Change => at(place, (bytes) => bytes.writeUInt32BE(value, place));
const changed = ({ bytes }: WrittenQcow2, change: Change) => change(Buffer.from(bytes));
const entry = (image: WrittenQcow2, cluster: number) => (image.l2[0] ?? 0) + cluster * 8;
const claimed = 1n << 63n;

test('whole images say how far they can be proved', async () => {
  const items = [base, overlay].map((image) => syncItemOfQcow2(image, bucketName));
  expect(await examineBackups(bucketWith(), items)).toMatchObject([
    { level: 'linkage', fault: null, form: { ceiling: 'linkage', gaps: ['no_digest'] }, limit: null },
    {
      ...{ level: 'inventory', fault: null, incremental: true, volumeBytes: 6 * 512 },
      form: { ceiling: 'inventory', gaps: ['parent_by_name_only', 'no_digest'] },
      limit: expect.stringContaining('only its name'),
    },
  ]);
  expect(await prove(base)).toEqual({ foundBy: null, code: null, level: 'linkage' });
  expect(await prove(overlay)).toEqual({ foundBy: null, code: null, level: 'inventory' });
});

describe('damage of an image', () => {
  test.each<readonly [string, Change, string, string]>([
    ['cut by a byte', (bytes) => bytes.subarray(0, -1), 'linkage', 'object_size_impossible'],
    ['cut before its tables', (bytes) => bytes.subarray(0, base.l1), 'inventory', 'object_size_impossible'],
    ['cut inside its header', (bytes) => bytes.subarray(0, 80), 'metadata', 'metadata_unreadable'],
    ['emptied', () => Buffer.of(), 'metadata', 'metadata_unreadable'],
    ['replaced by something else', () => seededBytes('foreign', 4096), 'metadata', 'metadata_unreadable'],
    ['marked as corrupt', setNumber(76, 2), 'inventory', 'geometry'],
    ['with a feature that is not known', setNumber(76, 32), 'metadata', 'version_unsupported'],
    ['of a later version', setNumber(4, 4), 'metadata', 'version_unsupported'],
    ['with another compression', at(104, (bytes) => bytes.writeUInt8(1, 104)), 'metadata', 'metadata_unreadable'],
    ['with a first-level table outside', setWord(40, 1n << 40n), 'inventory', 'object_size_impossible'],
    ['with a second-level table outside', setWord(base.l1, claimed | (1n << 40n)), 'linkage', 'object_size_impossible'],
    ['with a second-level table in its header', setWord(base.l1 + 0, claimed | 512n), 'linkage', 'geometry'],
    ['with a cluster outside', setWord(entry(base, 0), claimed | (1n << 40n)), 'linkage', 'object_size_impossible'],
    ['with a cluster in its tables', setWord(entry(base, 0), claimed | BigInt(base.l1)), 'linkage', 'geometry'],
    [
      'with a cluster that is used twice',
      setWord(entry(base, 0), claimed | BigInt(base.data[5] ?? 0)),
      'linkage',
      'geometry',
    ],
    [
      'with a cluster that is not aligned',
      at(entry(base, 0) + 6, (bytes, place) => (bytes[place] = 1)),
      'linkage',
      'geometry',
    ],
    ['with a reserved bit', at(entry(base, 0), (bytes, place) => (bytes[place] = 0x81)), 'linkage', 'geometry'],
    [
      'with compressed data flipped',
      at(base.data[2] ?? 0, (bytes, place) => bytes.writeUInt8(bytes.readUInt8(place) ^ 0xff, place)),
      'content',
      'content_mismatch',
    ],
  ])('%s', async (_, change, foundBy, code) => {
    expect(await prove(base, { [base.imagePath]: changed(base, change) })).toMatchObject({ foundBy, code });
    // Its descendants are broken, too.
    const ofChild = await prove(overlay, { [base.imagePath]: changed(base, change) });
    expect(ofChild.code).toBe(foundBy === 'content' ? code : 'parent_broken');
  });

  test('a byte of data is not found unless it can no longer be decompressed: nothing says what it should be', async () => {
    const flipped = changed(
      base,
      at(base.data[0] ?? 0, (bytes, place) => bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place)),
    );
    expect(await prove(base, { [base.imagePath]: flipped })).toEqual({ foundBy: null, code: null, level: 'linkage' });
  });

  test('of a child is found in its own tables', async () => {
    const cut = { [overlay.imagePath]: overlay.bytes.subarray(0, -1) };
    expect(await prove(overlay, cut)).toMatchObject({ foundBy: 'inventory', code: 'object_size_impossible' });
  });
});

describe('damage of a chain', () => {
  test('the backing file is missing', async () => {
    expect(await prove(overlay, { [base.imagePath]: null })).toMatchObject({
      ...{ foundBy: 'inventory', code: 'parent_missing', level: 'metadata' },
    });
  });

  test('the backing file is another image: nothing shows it, and that is why a child has a gap', async () => {
    const other = writeQcow2({ seed: 'other', imagePath: base.imagePath, clusters: ['stored'] });
    expect(await prove(overlay, { [base.imagePath]: other.bytes })).toMatchObject({
      foundBy: null,
      level: 'inventory',
    });
  });

  test('the backing file is no image', async () => {
    const foreign = { [base.imagePath]: seededBytes('foreign', 5000) };
    expect(await prove(overlay, foreign)).toMatchObject({ foundBy: 'metadata', code: 'parent_broken' });
  });
});

describe('an image that ends with a compressed cluster', () => {
  const packed = writeQcow2({ ...base.plan, clusters: ['compressed', 'compressed'], endsInSector: true });
  const [, place = 0] = packed.data;
  const end = packed.bytes.length;
  const lastSector = end - (end % 512);

  test.each([
    ['cut by a byte', end - 1, 'content', 'content_mismatch'],
    ['cut by its last sector', lastSector, 'linkage', 'object_size_impossible'],
    ['cut where the cluster begins', place, 'linkage', 'object_size_impossible'],
  ])('%s', async (_, length, foundBy, code) => {
    expect(lastSector).toBeGreaterThan(place);
    expect(await prove(base, { [base.imagePath]: packed.bytes.subarray(0, length) })).toMatchObject({ foundBy, code });
  });
});

test('what is cut while it is young may still be being written', async () => {
  const nowMs = () => Date.UTC(2026, 2, 1, 3, 5);
  const items = [syncItemOfQcow2(base, bucketName)];
  for (const end of [80, base.l1, base.bytes.length - 1]) {
    const storage = bucketWith({ [base.imagePath]: base.bytes.subarray(0, end) });
    const [examination] = await examineBackups(storage, items, { nowMs });
    expect(examination?.fault?.code).toBe('incomplete');
  }
});
