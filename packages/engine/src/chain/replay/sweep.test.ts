import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collect } from '../../storage/storage-conformance.ts';
import type { StoredObject, VolumeLink, ZeroRun } from '../data.ts';
import { type Segment, sweepChain } from './sweep.ts';

/** Runs that a link stores or declares to be zeros: the gap before each run, and its length. */
type Runs = readonly { readonly gap: number; readonly length: number; readonly areZeros?: boolean }[];

function linkOf(runs: Runs, volumeBytes: number, index: number): VolumeLink {
  const objects: (StoredObject | ZeroRun)[] = [];
  let end = 0;
  for (const { gap, length, areZeros = false } of runs) {
    const offset = end + gap;
    end = offset + length;
    if (areZeros) {
      objects.push({ key: null, offset, length });
      continue;
    }
    objects.push({
      key: `${index}/${objects.length}`,
      storedBytes: length,
      etag: null,
      offset,
      length,
      compression: 'none',
      plainDigest: null,
      storedDigest: null,
    });
  }
  return {
    backupId: String(index),
    location: { storageUnitId: 'here', bucketName: 'bucket', imagePath: String(index) },
    async *objects() {
      for (let from = 0; from < objects.length; from += 3) yield objects.slice(from, from + 3);
    },
    blocks: null,
    volumeBytes,
  };
}

const zeros = 'zeros';

/**
 * Writes each layer over the last, cuts the volume to each link's length, and says which object each byte comes from.
 */
async function layerOverLayer(links: readonly VolumeLink[]): Promise<readonly (string | null)[]> {
  let bytes: (string | null)[] = [];
  for (const { objects, volumeBytes } of links) {
    bytes = Array.from({ length: volumeBytes }, (_, at) => bytes[at] ?? null);
    for (const { key, offset, length } of (await collect(objects())).flat()) {
      for (let at = offset; at < Math.min(offset + length, volumeBytes); at += 1) bytes[at] = key ?? zeros;
    }
  }
  return bytes;
}

function spread(segments: readonly Segment[]): readonly (string | null)[] {
  return segments.flatMap(({ start, end, source, areZeros }) =>
    Array.from({ length: end - start }, () => source?.object.key ?? (areZeros ? zeros : null)),
  );
}

const run = fc.record({ gap: fc.nat(4), length: fc.integer({ min: 1, max: 5 }), areZeros: fc.boolean() });
const layer = fc.record({ runs: fc.array(run, { maxLength: 8 }), volumeBytes: fc.nat(40) });

test('any layers give the same volume as writing one over the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 5 }), async (layers) => {
      const links = layers.map(({ runs, volumeBytes }, index) => linkOf(runs, volumeBytes, index));
      const segments = await collect(sweepChain({ links }));
      expect(spread(segments)).toEqual(await layerOverLayer(links));
      // Segments are in order, without gaps, and have at least one byte.
      let end = 0;
      for (const segment of segments) {
        expect(segment.start).toBe(end);
        expect(segment.end).toBeGreaterThan(end);
        end = segment.end;
      }
    }),
    { numRuns: 500 },
  );
});

test('an object covered in its middle gives two segments, and one covered completely gives none', async () => {
  const links = [
    linkOf(
      [
        { gap: 0, length: 4 },
        { gap: 0, length: 4 },
      ],
      8,
      0,
    ),
    linkOf(
      [
        { gap: 1, length: 2 },
        { gap: 1, length: 4 },
      ],
      8,
      1,
    ),
  ];
  const segments = await collect(sweepChain({ links }));
  expect(segments.map(({ start, end, source }) => [start, end, source?.object.key])).toEqual([
    [0, 1, '0/0'],
    [1, 3, '1/0'],
    [3, 4, '0/0'],
    [4, 8, '1/1'],
  ]);
});
