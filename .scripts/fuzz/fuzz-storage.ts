import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { alterStorage } from '../../packages/engine/src/testing/altered-storage.ts';
import { type FormatUnderTest, formatsUnderTest } from '../../packages/engine/src/testing/formats-under-test.ts';
import { openMemoryStorageUnit } from '../../packages/engine/src/testing/memory-storage-unit.ts';
import { type FullProof, proveAllLevels } from '../../packages/engine/src/testing/prove-all-levels.ts';
import { type Mutation, mutations } from './mutations.ts';

export type StorageFuzzCounts = { proofs: number; readonly found: Map<string, number>; whole: number };

/** Milliseconds that a proof of a few small objects may take on a busy machine: what takes longer hangs. */
const deadlineMs = 30_000;

/** A listing that lies about an object's size: none, or this many bytes more. */
type Lie = number | null;

/**
 * Proves backups of every format by every level, over buckets that were changed. Throws where a proof throws, does not end,
 * or finds nothing though the bytes of a stored object are not what they were.
 */
export async function fuzzStorage(options: {
  readonly proofs: number;
  readonly seed: number;
}): Promise<StorageFuzzCounts> {
  const counts: StorageFuzzCounts = { proofs: 0, found: new Map(), whole: 0 };
  const formats = formatsUnderTest.filter(({ format }) => format !== 'unknown');
  const lies = fc.oneof(
    { weight: 9, arbitrary: fc.constant<Lie>(null) },
    { weight: 1, arbitrary: fc.constantFrom<Lie>(1, 2 ** 40, Number.MAX_SAFE_INTEGER, -1) },
  );
  const outcome = await fc.check(
    fc.asyncProperty(fc.constantFrom(...formats), mutations(), lies, async (subject, changes, lie) => {
      const bucket = new Map(subject.objects);
      const before = new Map(bucket);
      const touched = changes.flatMap(({ apply }) => apply(bucket));
      const proof = await prove(subject, bucket, lie);
      counts.proofs += 1;
      if ('polluted' in {}) throw new Error('a key of a document has become a property of every object');
      if (proof.foundBy !== null) {
        counts.found.set(proof.foundBy, (counts.found.get(proof.foundBy) ?? 0) + 1);
        return;
      }
      counts.whole += 1;
      const broken = touched.filter((key) => isData(subject, before, key) && differs(before.get(key), bucket.get(key)));
      if (broken.length > 0)
        throw new Error(`${broken.join(' and ')} changed, and no level found it: ${named(changes)}`);
    }),
    { numRuns: options.proofs, seed: options.seed, endOnFailure: true },
  );
  if (outcome.failed) {
    const [subject, changes = [], lie] = outcome.counterexample ?? [];
    const shown = `${subject?.format}, ${named(changes)}, sizes listed ${lie ?? 0} too large`;
    throw new Error(`seed ${options.seed}: ${String(outcome.errorInstance)}, with ${shown}`, {
      cause: outcome.errorInstance,
    });
  }
  return counts;
}

async function prove({ item }: FormatUnderTest, bucket: Map<string, Uint8Array>, lie: Lie): Promise<FullProof> {
  const unit = openMemoryStorageUnit(new Map([[item.bucket_name, bucket]]));
  const lying = lie === null ? unit : alterStorage(unit, { list: (entry) => ({ ...entry, size: entry.size + lie }) });
  return await proveAllLevels(lying, item, AbortSignal.timeout(deadlineMs));
}

/**
 * Objects whose bytes are the backup, or its hashes: no change of theirs is harmless. Documents may say the same anew, and
 * blocks of Longhorn that only earlier backups name are not this one's.
 */
function isData({ format, item }: FormatUnderTest, before: ReadonlyMap<string, Uint8Array>, key: string): boolean {
  if (format === 'manifest') return !key.endsWith('.json');
  if (format === 'cinder') return /-\d{5}$/.test(key);
  const checksum = /([0-9a-f]{64})\.blk$/.exec(key)?.[1];
  return checksum !== undefined && Buffer.from(before.get(item.image_path) ?? []).includes(checksum);
}

function differs(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined || Buffer.compare(plain(one), plain(other)) !== 0;
}

/** The header of gzip has fields that mean nothing to the data, such as a time. */
function plain(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch {
    // Not compressed, or not any more.
    return bytes;
  }
}

function named(changes: readonly Mutation[]): string {
  return changes.map(({ name }) => name).join(', then ');
}
