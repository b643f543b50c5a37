import type { StorageUnit } from '../storage/port.ts';
import type { Absences } from './absences.ts';
import type { EdgeProof, Location, RecordedListing } from './proof/link.ts';

/** What is needed to read one bucket. */
export type BucketContext = {
  readonly storage: StorageUnit;
  readonly bucketName: string;
  readonly signal: AbortSignal;
};

/** What is needed to examine the links of one chain. */
export type ChainContext = BucketContext & {
  /** The image paths that will be asked for. All have the same chain root, see `chainRootOf`. */
  readonly imagePaths: readonly string[];
  /** The newest proof of each of these backups that has one. */
  readonly findProofs: (backupIds: readonly string[]) => Promise<readonly EdgeProof[]>;
  /** What the listing showed of each of these backups when it was recorded. Backups without a record are left out. */
  readonly findListings: (backupIds: readonly string[]) => Promise<readonly RecordedListing[]>;
  /** Digest of the listing on which this backup was last proved whole at this place; null if it never was. */
  readonly provedListing: (backupId: string, location: Location) => Promise<string | null>;
  /** Where this backup is known to be: its record's place first, then the places that unfinished imports of it name. */
  readonly locate: (backupId: string) => Promise<readonly Location[]>;
  /** The buckets of the project in this storage unit. A parent that is found nowhere else is looked for in them. */
  readonly projectBuckets: () => Promise<readonly string[]>;
  /** What was looked for in other buckets and not found, during this run. */
  readonly absences: Absences;
  /**
   * Bytes that may be read to prove one link. If its block hashes are more, the proof stops at `inventory`. If its objects
   * whose ETag is not their MD5 are more, it stops at `metadata`.
   */
  readonly linkageMaxBytes: number;
  /** False: proofs stop before they would read block hashes or data, and say which. For plans. */
  readonly readHashes: boolean;
  /** True: all data is read after the examination, so an ETag that is not the MD5 is left to that. */
  readonly dataFollows: boolean;
  readonly nowMs: () => number;
};
