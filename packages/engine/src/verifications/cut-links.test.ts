import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeProof } from '../catalogue/fixtures-for-conformance.ts';
import type { VerificationPart } from '../catalogue/part-records.ts';
import type { StoredObject, VolumeLink } from '../chain/data.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';
import { type Cutting, cutLinks, type UnreadLink, usualCutting } from './cut-links.ts';

const gib = 1024 ** 3;

function makeLink(
  sizes: readonly number[],
  changes: Partial<VolumeLink> = {},
): UnreadLink & { readonly walks: number[] } {
  const walks: number[] = [];
  const storedBytes = sizes.reduce((sum, size) => sum + size, 0);
  const objects = sizes.map((size, index): StoredObject => {
    const common = { key: String(index), storedBytes: size, etag: null, offset: index, length: 1 } as const;
    return { ...common, compression: 'none', plainDigest: null, storedDigest: null };
  });
  const proof = makeProof('full');
  const link: VolumeLink = {
    backupId: 'full',
    location: proof.location,
    async *objects() {
      walks.push(sizes.length);
      for (let from = 0; from < objects.length; from += 7) yield objects.slice(from, from + 7);
    },
    blocks: null,
    volumeBytes: sizes.length,
    ...changes,
  };
  return { link, index: 0, edge: { ...proof, listing: { ...proof.listing, storedBytes } }, walks };
}

const countsOf = async (link: UnreadLink, cutting: Cutting = usualCutting) =>
  (await cutLinks([link], [], cutting)).map(({ firstObject, objectCount }) => [firstObject, objectCount]);

test('a link up to the least size is one part, and its metadata is not read for that', async () => {
  const link = makeLink([2 * gib, 2 * gib]);
  expect(await countsOf(link)).toEqual([[0, null]]);
  expect(link.walks).toEqual([]);
});

test('a large link is cut by its stored bytes', async () => {
  expect(await countsOf(makeLink([3 * gib, 3 * gib, gib, gib, gib, 5 * gib, 1]))).toEqual([
    [0, 2],
    [2, 4],
    [6, null],
  ]);
});

test('a link has at most 64 parts', async () => {
  expect(await countsOf(makeLink(Array.from({ length: 1_000 }, () => gib)))).toHaveLength(63);
});

test('a link with few bytes for its many block hashes stays whole', async () => {
  const volumeBytes = 16 * 1024 * gib;
  const blocks = { bytes: 32 * 1024, async *hashes() {} };
  expect(await countsOf(makeLink(Array(10).fill(2 * gib), { volumeBytes, blocks }))).toEqual([[0, null]]);
});

test('a link whose metadata has a fault stays whole, so that the fault is found when it is read', async () => {
  const link = makeLink([5 * gib, 5 * gib], {
    // biome-ignore lint/correctness/useYield: it fails before its first batch
    async *objects() {
      throw new ReadFault({ code: 'metadata_unreadable', detail: '' }, false);
    },
  });
  expect(await countsOf(link)).toEqual([[0, null]]);
});

test('a link with the same listing is cut as before, another again', async () => {
  const link = makeLink([5 * gib, 5 * gib]);
  const { listing } = link.edge;
  const before = [0, 1].map(
    (firstObject): VerificationPart => ({
      ...{ operationId: 'operation', backupId: 'full', link: 3, listingDigest: listing.digest, firstObject },
      ...{
        objectCount: firstObject === 0 ? 1 : null,
        state: 'open',
        leaseOwner: null,
        epoch: 1,
        saves: 0,
        fault: null,
      },
      progress: { provedObjects: firstObject, storedBytes: 0, plainBytes: 0 },
    }),
  );
  const known = await cutLinks([link], before, { ...usualCutting, leastPartBytes: 1 });
  expect(known).toMatchObject([
    { firstObject: 0, objectCount: 1, link: 0 },
    { firstObject: 1, objectCount: null, link: 0 },
  ]);
  expect(link.walks).toEqual([]);
  const changed = { ...link, edge: { ...link.edge, listing: { ...listing, digest: 'another' } } };
  expect(await cutLinks([changed], before, { ...usualCutting, leastPartBytes: 20 * gib })).toMatchObject([
    { firstObject: 0, objectCount: null, listingDigest: 'another' },
  ]);
});

test('parts cover every object once, in order', async () => {
  const sizes = fc.array(fc.nat(50), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 200 }), async (sizes, leastPartBytes) => {
      const parts = await countsOf(makeLink(sizes), { leastPartBytes, linkPartsMax: 8, bytesForHashByte: 20 });
      expect(parts.length).toBeLessThanOrEqual(8);
      for (const [place, [first, count]] of parts.entries()) {
        const next = parts[place + 1]?.[0] ?? null;
        expect(count).toBe(next === null ? null : next - (first ?? 0));
        if (next !== null) expect(count).toBeGreaterThan(0);
      }
    }),
  );
});
