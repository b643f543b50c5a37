import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alterStorage } from '../../testing/altered-storage.ts';
import { storeBackups } from '../../testing/chain-data.ts';
import { writeCinderBackup } from '../../testing/cinder-writer.ts';
import { seededBytes, seededUuid } from '../../testing/seeded-bytes.ts';
import { proveContent } from './prove-content.ts';
import { type ContentProof, proveRanges } from './prove-ranges.ts';
import type { ObjectRange } from './range-batches.ts';

const objects = 30;
const backup = writeCinderBackup({
  volumeId: seededUuid('ranges/volume'),
  backupId: seededUuid('ranges/backup'),
  takenAtMs: Date.UTC(2026, 2, 1),
  volume: seededBytes('ranges', objects * 512),
  objectBytes: 512,
  blockBytes: 512,
});
const keys = [...backup.objects.keys()].slice(0, objects);
const { signal } = new AbortController();

test('ranges are proved one behind the other, each object once, with the fault of the whole link', async () => {
  await using stored = await storeBackups([backup]);
  const link = await stored.openLink(backup);
  const input = fc.record({
    cuts: fc.uniqueArray(fc.integer({ min: 1, max: objects - 1 }), { maxLength: 5 }),
    /** Objects of each range that an earlier run has proved. */
    proved: fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
    broken: fc.array(fc.nat(objects - 1), { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ cuts, proved, broken }) => {
      const starts = [0, ...cuts.toSorted((one, other) => one - other)];
      const ranges = starts.map((firstObject, place): ObjectRange => {
        const objectCount = (starts[place + 1] ?? objects) - firstObject;
        const startAfter = firstObject + Math.min(proved[place] ?? 0, objectCount);
        return { firstObject, objectCount: place === starts.length - 1 ? null : objectCount, startAfter };
      });
      const wanted = ranges.flatMap(({ startAfter, firstObject, objectCount }) =>
        keys.slice(startAfter, objectCount === null ? objects : firstObject + objectCount),
      );
      const bad = new Set(broken.map((place) => keys[place]).filter((key) => wanted.includes(key ?? '')));
      const asked: string[] = [];
      const storage = alterStorage(stored.storage, {
        beforeGet: ({ key }) => void (keys.includes(key) && asked.push(key)),
        get: ({ key }, content) => (bad.has(key) ? { ...content, body: flip(content.body) } : content),
      });
      const options = { storage, threads: null, signal };
      const proofs: [ObjectRange, ContentProof][] = [];
      const [first] = ranges;
      if (first === undefined) throw new Error('there is a range');
      await proveRanges(link, first, options, {
        takeNext: async (range) => ranges[ranges.indexOf(range) + 1] ?? null,
        onProgress: () => {},
        onProved: async (range, proof) => void proofs.push([range, proof]),
      });
      const found = ranges
        .map((range) => proofs.find(([proved]) => proved === range)?.[1].fault ?? null)
        .find((fault) => fault !== null);
      if (bad.size === 0) {
        expect(found).toBeUndefined();
        expect(proofs).toHaveLength(ranges.length);
        expect(asked.toSorted()).toEqual(wanted.toSorted());
        for (const [{ firstObject, objectCount, startAfter }, proof] of proofs) {
          const end = objectCount === null ? objects : firstObject + objectCount;
          expect(proof).toMatchObject({ provedObjects: end, objects: end - startAfter, fault: null });
        }
      } else {
        const [firstBad] = wanted.filter((key) => bad.has(key));
        expect(found).toMatchObject({ code: 'content_mismatch', detail: expect.stringContaining(firstBad ?? '') });
      }
    }),
    { numRuns: 40 },
  );
});

test('a range that is left because of an error is not proved, and the error is thrown', async () => {
  await using stored = await storeBackups([backup]);
  const link = await stored.openLink(backup);
  const refused = new Error('the catalogue is full');
  const proved: ObjectRange[] = [];
  const proving = proveRanges(
    link,
    { firstObject: 0, objectCount: 10, startAfter: 0 },
    { storage: stored.storage, threads: null, signal },
    {
      takeNext: () => Promise.reject(refused),
      onProgress: () => {},
      onProved: async (range) => void proved.push(range),
    },
  );
  await expect(proving).rejects.toBe(refused);
  expect(await proveContent(link, { storage: stored.storage, threads: null, signal })).toMatchObject({ objects });
});

async function* flip(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk.map((byte) => byte ^ 1);
}
