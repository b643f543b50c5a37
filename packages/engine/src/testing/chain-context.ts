import { Absences } from '../chain/absences.ts';
import type { ChainContext } from '../chain/chain-context.ts';
import type { StorageUnit } from '../storage/port.ts';
import { noTrustedRoots } from '../trusted-roots.ts';

/** A context without a catalogue, at a time when no object in a test bucket counts as recent any more. */
export function chainContext(
  storage: StorageUnit,
  bucketName: string,
  imagePaths: readonly string[],
  changes: Partial<ChainContext> = {},
): ChainContext {
  return {
    storage,
    bucketName,
    imagePaths,
    findProofs: async () => [],
    findListings: async () => [],
    provedListing: async () => null,
    locate: async () => [],
    hasRecord: async () => false,
    projectBuckets: async () => [],
    absences: new Absences(),
    linkageMaxBytes: Number.POSITIVE_INFINITY,
    readHashes: true,
    dataFollows: false,
    trustedRoots: noTrustedRoots,
    nowMs: () => Date.UTC(2026, 10, 23),
    signal: new AbortController().signal,
    ...changes,
  };
}
