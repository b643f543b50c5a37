import fc from 'fast-check';
import { alterStorage } from '../../packages/engine/src/testing/altered-storage.ts';
import { type FormatUnderTest, formatsUnderTest } from '../../packages/engine/src/testing/formats-under-test.ts';
import { openMemoryStorageUnit } from '../../packages/engine/src/testing/memory-storage-unit.ts';
import { type FullProof, proveAllLevels } from '../../packages/engine/src/testing/prove-all-levels.ts';
import { brokenData } from './broken-data.ts';
import { type Mutation, mutations } from './mutations.ts';

export type StorageFuzzCounts = { proofs: number; readonly found: Map<string, number>; whole: number };

/** Milliseconds that a proof of a few small objects may take on a busy machine. A longer one counts as hanging. */
const deadlineMs = 30_000;

/** Number of bytes by which a listing makes an object too large, or null. */
type Lie = number | null;

/**
 * Proves backups of every format to every level, over changed buckets. Throws if a proof throws, does not end, or does
 * not notice that the bytes of a stored object have changed.
 */
export async function fuzzStorage(options: {
  readonly proofs: number;
  readonly seed: number;
}): Promise<StorageFuzzCounts> {
  const counts: StorageFuzzCounts = { proofs: 0, found: new Map(), whole: 0 };
  const formats = formatsUnderTest.filter(({ isRead }) => isRead);
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
      if ('polluted' in {}) throw new Error('a key of a document became a property of every object');
      if (proof.foundBy !== null) {
        counts.found.set(proof.foundBy, (counts.found.get(proof.foundBy) ?? 0) + 1);
        return;
      }
      counts.whole += 1;
      const broken = brokenData(subject, { before, after: bucket, touched });
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

function named(changes: readonly Mutation[]): string {
  return changes.map(({ name }) => name).join(', then ');
}
