import type { LinkData } from '../data.ts';
import type { ContentProgress } from './proof-tally.ts';
import { type ContentProof, proveRanges, type RangeProofOptions } from './prove-ranges.ts';

export type ContentProofOptions = RangeProofOptions & {
  /** Number of objects, in order, that an earlier run has proved. Default: 0. */
  readonly startAfter?: number;
  /** Called after each batch of objects. */
  readonly onProgress?: (progress: ContentProgress) => void;
};

/**
 * Proves one link to `content`: reads and decompresses every object, and compares lengths, digests and block hashes.
 * Objects are read in parallel; memory does not depend on their size or number.
 *
 * Throws `StorageError` if storage is throttled, unreachable or has lost the bucket. When the signal is aborted, throws
 * its reason immediately. The progress reported so far shows where to continue.
 */
export async function proveContent(
  link: LinkData,
  { startAfter = 0, onProgress, ...options }: ContentProofOptions,
): Promise<ContentProof> {
  const proofs: ContentProof[] = [];
  const whole = { firstObject: 0, objectCount: null, startAfter };
  await proveRanges(link, whole, options, {
    takeNext: async () => null,
    onProgress: (_, progress) => onProgress?.(progress),
    onProved: async (_, proof) => void proofs.push(proof),
  });
  const [proof] = proofs;
  if (proof === undefined) throw new Error(`the proof of ${link.backupId} ended without a result`);
  return proof;
}
