import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findVersion, versionOf } from './bound-range.ts';
import type { ObjectVersion, StorageUnit } from './port.ts';
import { type BucketContents, expectCode, listAll, readAll } from './storage-conformance.ts';

/** A storage unit in which a test can replace the object of a key. */
export type UnitUnderTest = StorageUnit & {
  replaceObject(bucket: string, key: string, content: string | Uint8Array): void | Promise<void>;
};

/** Tests that every driver must pass for reading ranges. `open` creates a storage unit with these buckets. */
export function rangedReadConformance(name: string, open: (buckets: BucketContents) => Promise<UnitUnderTest>): void {
  describe(`${name} read in ranges`, () => {
    const large = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7919) >> 3);

    test('reads the exact bytes at the beginning, the middle and the end of an object', async () => {
      await using unit = await open({ bucket: { 'a/large': large, small: 'x' } });
      const of = await versionIn(unit, 'a/large');
      for (const [start, end] of [
        [0, 1],
        [0, 300_000],
        [499_999, 500_001],
        [262_143, 524_289],
        [999_999, 1_000_000],
        [700_000, 1_000_000],
        [0, 1_000_000],
      ] as const) {
        const content = await unit.get({ bucket: 'bucket', key: 'a/large', range: { start, end, of } });
        expect(content.size).toBe(large.length);
        expect(versionOf(content)).toEqual(of);
        const body = await readAll(content.body);
        expect(Buffer.compare(body, large.subarray(start, end)), `bytes ${start} to ${end}`).toBe(0);
      }
      expect(await readRange(unit, 'small', 0, 1, await versionIn(unit, 'small'))).toBe('x');
    });

    test('reads any range of any object, with or without reusing memory', async () => {
      const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
      await fc.assert(
        fc.asyncProperty(bytes, fc.nat(), fc.nat(), fc.boolean(), async (stored, one, other, readsThrough) => {
          await using unit = await open({ bucket: { a: stored } });
          const [start, last] = [one % stored.length, other % stored.length].toSorted((a, b) => a - b) as [
            number,
            number,
          ];
          const range = { start, end: last + 1, of: await versionIn(unit, 'a') };
          const read: number[] = [];
          const { body } = await unit.get({ bucket: 'bucket', key: 'a', range, readsThrough });
          for await (const piece of body) read.push(...piece);
          expect(read).toEqual([...stored.subarray(start, last + 1)]);
        }),
        { numRuns: 20 },
      );
    });

    test('head and get show the same version, and so does a listing that has ETags', async () => {
      await using unit = await open({ bucket: { 'a/b': 'hello', empty: '' } });
      for (const entry of await listAll(unit, 'bucket')) {
        const of = await versionIn(unit, entry.key);
        const { body, ...content } = await unit.get({ bucket: 'bucket', key: entry.key });
        await readAll(body);
        expect(versionOf(content)).toEqual(of);
        expect(versionOf(entry)).toEqual(entry.etag === null ? null : of);
        expect(await findVersion(unit, { bucket: 'bucket', key: entry.key }, entry)).toEqual(of);
      }
    });

    test('an object that was replaced after it was listed is not read in ranges', async () => {
      for (const replacement of ['hello again', 'h', '']) {
        await using unit = await open({ bucket: { a: 'hello' } });
        const [entry = null] = await listAll(unit, 'bucket');
        await unit.replaceObject('bucket', 'a', replacement);
        const read = async () => {
          const of = await findVersion(unit, { bucket: 'bucket', key: 'a' }, entry);
          if (of === null) throw new Error('nothing identifies the version of the object');
          return await readRange(unit, 'a', 0, 1, of);
        };
        await expectCode('changed_while_read', read());
      }
    });

    test('no further range is read of an object that was replaced', async () => {
      for (const replacement of ['HELLO', 'hello again', 'h', '']) {
        await using unit = await open({ bucket: { a: 'hello' } });
        const of = await versionIn(unit, 'a');
        expect(await readRange(unit, 'a', 0, 3, of)).toBe('hel');
        await unit.replaceObject('bucket', 'a', replacement);
        await expectCode('changed_while_read', readRange(unit, 'a', 3, 5, of));
        await expectCode('changed_while_read', readRange(unit, 'a', 0, 1, of));
        const now = await versionIn(unit, 'a');
        expect(now).not.toEqual(of);
        if (replacement !== '') expect(await readRange(unit, 'a', 0, now.size, now)).toBe(replacement);
      }
    });

    test('a range of a version that never existed is refused', async () => {
      await using unit = await open({ bucket: { a: 'hello' } });
      const of = await versionIn(unit, 'a');
      await expectCode('changed_while_read', readRange(unit, 'a', 0, 1, { ...of, tag: 'another' }));
      await expectCode('changed_while_read', readRange(unit, 'a', 0, 1, { ...of, size: 6 }));
      await expectCode('changed_while_read', readRange(unit, 'a', 0, 1, { ...of, size: 4 }));
      await expectCode('object_not_found', readRange(unit, 'b', 0, 1, of));
      const range = { start: 0, end: 1, of };
      await expectCode('bucket_not_found', unit.get({ bucket: 'another', key: 'a', range }));
      await expectCode('access_denied', unit.get({ bucket: 'bucket', key: '../a', range }));
    });

    test('a range outside its version throws a RangeError', async () => {
      await using unit = await open({ bucket: { a: 'hello', empty: '' } });
      for (const [key, start, end] of [
        ['empty', 0, 0],
        ['empty', 0, 1],
        ['a', 2, 2],
        ['a', 3, 2],
        ['a', -1, 2],
        ['a', 5, 6],
        ['a', 4, 6],
        ['a', 0.5, 2],
        ['a', 0, Number.NaN],
        ['a', 0, Number.POSITIVE_INFINITY],
      ] as const) {
        const of = await versionIn(unit, key);
        await expect(readRange(unit, key, start, end, of), `${start} to ${end}`).rejects.toThrow(RangeError);
      }
    });

    test('a range that is left early or aborted releases its connection or file', async () => {
      await using unit = await open({ bucket: { a: new Uint8Array(2_000_000) } });
      const range = { start: 1, end: 1_999_999, of: await versionIn(unit, 'a') };
      for (let round = 0; round < 60; round += 1) {
        const { body } = await unit.get({ bucket: 'bucket', key: 'a', range });
        for await (const _ of body) break;
      }
      const reason = new Error('stopped by the test');
      const aborted = unit.get({ bucket: 'bucket', key: 'a', range, signal: AbortSignal.abort(reason) });
      await expect(aborted).rejects.toBe(reason);
      const controller = new AbortController();
      const { body } = await unit.get({ bucket: 'bucket', key: 'a', range, signal: controller.signal });
      const reading = (async () => {
        for await (const piece of body) if (piece.length > 0) controller.abort(reason);
      })();
      await expect(reading).rejects.toBe(reason);
    });
  });
}

/** The version of an object that can be read in ranges. */
export async function versionIn(unit: StorageUnit, key: string): Promise<ObjectVersion> {
  const version = await findVersion(unit, { bucket: 'bucket', key });
  if (version === null) throw new Error('nothing identifies the version of the object');
  return version;
}

/** The bytes of a range, as text. */
export async function readRange(
  unit: StorageUnit,
  key: string,
  start: number,
  end: number,
  of: ObjectVersion,
): Promise<string> {
  const { body } = await unit.get({ bucket: 'bucket', key, range: { start, end, of } });
  return (await readAll(body)).toString();
}
