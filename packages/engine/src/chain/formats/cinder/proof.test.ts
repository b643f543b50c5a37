import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type WrittenBackup, writeCinderBackup } from '../../../testing/cinder-writer.ts';
import { seededUuid } from '../../../testing/seeded-bytes.ts';
import { BlockRuns } from '../../proof/block-runs.ts';
import { compareHashLists } from '../../proof/compare-hash-lists.ts';
import { checkGeometry } from '../../proof/geometry-check.ts';
import { readHashFile } from '../../proof/hash-file.ts';
import type { Fault } from '../../proof/link.ts';
import { checkLinkage } from '../../proof/linkage-check.ts';
import { ListedObjects } from '../../proof/object-columns.ts';
import { EtagComparison } from './etag-comparison.ts';
import { objectNumberOf } from './image-path.ts';
import { checkInventory } from './inventory-check.ts';
import { type CinderMetadata, readMetadata } from './metadata.ts';
import { NamedObjects } from './named-objects.ts';

const blockBytes = 64;

async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

function objectOf(backup: WrittenBackup, suffix: string): Uint8Array {
  return backup.objects.get(`${backup.imagePath}${suffix}`) ?? new Uint8Array();
}

async function metadataOf(backup: WrittenBackup, pieceBytes: number, listed: ListedObjects): Promise<CinderMetadata> {
  const reading = await readMetadata(
    inPieces(objectOf(backup, '_metadata'), pieceBytes),
    backup.imagePath,
    Number.POSITIVE_INFINITY,
    new EtagComparison(listed),
  );
  if (reading.kind !== 'read') throw new Error(reading.detail);
  return reading.metadata;
}

function listedOf(backup: WrittenBackup): ListedObjects {
  const listed = new ListedObjects();
  for (const [key, bytes] of [...backup.objects].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    const number = objectNumberOf(key.slice(backup.imagePath.length));
    if (number !== null) listed.add(number, bytes.length, createHash('md5').update(bytes).digest('hex'));
  }
  return listed;
}

/** All pure checks of one edge, as the proof runs them. */
async function proveEdge(
  child: WrittenBackup,
  parent: WrittenBackup | null,
  pieceBytes: number,
): Promise<Fault | null> {
  const { imagePath } = child;
  const listed = listedOf(child);
  const { objects: named } = await metadataOf(child, pieceBytes, listed);
  const input = { imagePath, named, listed, strayKey: null, mayGrowCompressed: false };
  const inventory = checkInventory(input);
  if (inventory !== null) return inventory;
  const hashes = (of: WrittenBackup) => readHashFile(inPieces(objectOf(of, '_sha256file'), pieceBytes));
  const comparison = await compareHashLists(hashes(child), hashes(parent ?? child), named.count);
  const geometry = checkGeometry(named, comparison.child, parent === null);
  if (geometry.kind === 'broken') return geometry.fault;
  return parent === null ? null : checkLinkage(comparison.changed, geometry.stored);
}

/** The history of a volume: some blocks change, some do not compress, and a child may be shorter. */
const histories = fc.record({
  blocks: fc.integer({ min: 1, max: 24 }),
  lastBlockBytes: fc.integer({ min: 1, max: blockBytes }),
  chunkBlocks: fc.integer({ min: 1, max: 6 }),
  steps: fc.array(
    fc.record({ changed: fc.array(fc.nat(23), { maxLength: 8 }), cutBlocks: fc.nat(2), parent: fc.nat(5) }),
    { maxLength: 5 },
  ),
});
type History = typeof histories extends fc.Arbitrary<infer Value> ? Value : never;
type Link = { readonly backup: WrittenBackup; readonly parent: WrittenBackup | null };

/** Writes the tree of backups that results from a history. */
function growTree({ blocks, lastBlockBytes, chunkBlocks, steps }: History): readonly Link[] {
  const write = (day: number, volume: Uint8Array, parent: WrittenBackup | null) =>
    writeCinderBackup({
      volumeId: seededUuid('volume'),
      backupId: seededUuid(`backup ${day}`),
      takenAtMs: Date.UTC(2026, 0, 1 + day),
      volume,
      objectBytes: chunkBlocks * blockBytes,
      blockBytes,
      ...(parent === null ? {} : { parent }),
    });
  const full = write(0, new Uint8Array((blocks - 1) * blockBytes + lastBlockBytes), null);
  const tree: Link[] = [{ backup: full, parent: null }];
  for (const [index, { changed, cutBlocks, parent }] of steps.entries()) {
    const base = tree[parent % tree.length]?.backup ?? full;
    const { volume } = base.plan;
    const keptBlocks = Math.max(1, base.hashes.length - cutBlocks);
    const next = volume.slice(0, cutBlocks === 0 ? volume.length : keptBlocks * blockBytes);
    for (const block of changed) {
      const data = createHash('sha512').update(`${index}/${block}`).digest();
      const room = next.subarray(block * blockBytes, (block + 1) * blockBytes);
      // Every third block is random to its end, so it does not compress.
      room.set(data.subarray(0, Math.min(room.length, block % 3 === 0 ? blockBytes : 8)));
    }
    tree.push({ backup: write(index + 1, next, base), parent: base });
  }
  return tree;
}

/** For each block of the child, whether it differs from the other backup's. */
function differences(child: WrittenBackup, other: WrittenBackup): readonly boolean[] {
  return child.hashes.map((hash, block) => hash !== other.hashes[block]);
}

describe('a genuine chain', () => {
  test('passes every check: trees, unchanged increments, shorter children, streams cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.integer({ min: 1, max: 400 }), async (history, pieceBytes) => {
        for (const { backup, parent } of growTree(history)) {
          expect(await proveEdge(backup, parent, pieceBytes)).toBeNull();
        }
      }),
      { numRuns: 60 },
    );
  });

  test('fits another parent only if that differs in the same blocks', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const tree = growTree(history);
        for (const { backup, parent } of tree) {
          for (const { backup: other } of tree) {
            if (parent === null || other.hashes.length < backup.hashes.length) continue;
            const fault = await proveEdge(backup, other, 4096);
            const isSame = String(differences(backup, other)) === String(differences(backup, parent));
            expect(fault?.code ?? null).toBe(isSame ? null : 'hash_link_broken');
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('an inventory', () => {
  const objectCount = 100_002;
  const md5 = new Uint8Array(16);

  function makeColumns() {
    const named = new NamedObjects(Number.POSITIVE_INFINITY, null);
    const listed = new ListedObjects();
    const numbers = Array.from({ length: objectCount }, (_, index) => index + 1);
    for (const number of numbers) named.add(number, { offset: number * 100, length: 100, compression: 'zlib', md5 });
    // The order of keys: -100000 is between -10000 and -10001.
    const byKey = numbers.map((number) => String(number).padStart(5, '0')).toSorted();
    for (const digits of byKey) listed.add(Number(digits), 50, null);
    return { named, listed };
  }

  test('is complete with numbers above 99999, which a listing does not sort as numbers', () => {
    const { named, listed } = makeColumns();
    const input = { imagePath: 'path', named, listed, strayKey: null, mayGrowCompressed: false };
    expect(checkInventory(input)).toBeNull();
    listed.add(objectCount + 1, 50, null);
    expect(checkInventory(input)).toEqual({ code: 'object_stray', detail: 'path-100003' });
    named.add(objectCount + 1, { offset: 0, length: 10, compression: 'zlib', md5 });
    named.add(objectCount + 2, { offset: 0, length: 10, compression: 'zlib', md5 });
    expect(checkInventory(input)).toEqual({ code: 'object_missing', detail: 'path-100004' });
  });
});

describe('changed blocks', () => {
  const runs = fc
    .uniqueArray(fc.nat(40), { maxLength: 20 })
    .map((blocks) => new Set(blocks))
    .map((blocks) => ({ blocks, runs: runsOf(blocks) }));

  function runsOf(blocks: ReadonlySet<number>) {
    const runs = new BlockRuns();
    for (const block of [...blocks].toSorted((a, b) => a - b)) runs.add(block, block + 1);
    return runs;
  }

  test('agree with the stored blocks only if the sets are equal; the first difference is named', () => {
    fc.assert(
      fc.property(runs, runs, (changed, stored) => {
        const fault = checkLinkage(changed.runs, stored.runs);
        const isTold = (block: number) => changed.blocks.has(block) !== stored.blocks.has(block);
        const first = Array.from({ length: 41 }, (_, block) => block).find(isTold);
        if (first === undefined) expect(fault).toBeNull();
        else expect(fault?.detail).toContain(`block ${first} ${changed.blocks.has(first) ? 'differs' : 'is stored'}`);
      }),
    );
  });
});
