import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainContext } from '../testing/chain-context.ts';
import { type MemoryBucket, openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { KeyColumn } from './columns.ts';
import { PathListings } from './path-listings.ts';

const bucketName = 'backups';

async function listed(bucket: MemoryBucket, keptMax?: number) {
  const storage = openMemoryStorageUnit(new Map([[bucketName, bucket]]));
  const listings = new PathListings(chainContext(storage, bucketName, []), keptMax);
  const place = await listings.at(bucketName, 'a/b');
  if (place === null) throw new Error('nothing is stored there');
  return { listings, place };
}

async function visited({ listings, place }: Awaited<ReturnType<typeof listed>>) {
  const files: string[] = [];
  const isUnchanged = await listings.visit(place, ({ key, size }) => files.push(`${key.toString()}: ${size}`));
  return { files, isUnchanged };
}

describe('the objects of an image path', () => {
  const bucket = () =>
    new Map(
      ['a/b', 'a/b/ä', 'a/b/1', 'a/b/2', 'a/b-x/1', 'a/bc', 'a/b/manifest.json', 'a/b/block-hashes.bin'].map(
        (key, index) => [key, new Uint8Array(index)] as const,
      ),
    );

  test('are the same whether they were kept or are listed again', async () => {
    const kept = await listed(bucket());
    const left = await listed(bucket(), 2);
    expect([kept.place.objects === null, left.place.objects === null]).toEqual([false, true]);
    const files = { files: [': 0', '1: 2', '2: 3', 'ä: 1'], isUnchanged: true };
    expect(await visited(kept)).toEqual(files);
    expect(await visited(left)).toEqual(files);
  });

  test('that have changed when they are listed again are reported as changed', async () => {
    const objects = bucket();
    const left = await listed(objects, 2);
    objects.set('a/b/1', new Uint8Array(7));
    expect(await visited(left)).toMatchObject({ isUnchanged: false });
  });
});

test('a key column returns every key, whatever its text, even beyond the first chunk', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 40 }), (texts) => {
      const column = new KeyColumn();
      const keys = Array.from({ length: 5000 }, (_, row) => `${texts[row % texts.length]}${row}`);
      for (const key of keys) column.add(key);
      expect(column.count).toBe(keys.length);
      expect(keys.every((key, row) => column.at(row) === key)).toBe(true);
      const sorted = [...column.rowsByKey()].map((row) => Buffer.from(keys[row] ?? ''));
      expect(sorted.every((key, at) => at === 0 || Buffer.compare(sorted[at - 1] ?? key, key) < 0)).toBe(true);
    }),
    { numRuns: 20 },
  );
});
