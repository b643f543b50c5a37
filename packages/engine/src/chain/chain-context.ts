import type { StorageUnit } from '../storage/port.ts';
import type { TrustedRoots } from '../trusted-roots.ts';
import type { Absences } from './absences.ts';
import type { PackageMemory } from './package-memory.ts';
import type { EdgeProof, Location, RecordedListing } from './proof/link.ts';

/** Dependencies for reading one bucket. */
export type BucketContext = {
  readonly storage: StorageUnit;
  readonly bucketName: string;
  readonly signal: AbortSignal;
  /** What is remembered of packages in the bucket, if that is as new as needed. Absent: nothing. */
  readonly packages?: { readonly memory: PackageMemory; readonly notBeforeMs: () => number };
};

/** Dependencies for examining the links of one chain. */
export type ChainContext = BucketContext & {
  /** The image paths that will be examined. All have the same chain root, see `chainRootOf`. */
  readonly imagePaths: readonly string[];
  /** Finds the newest proof of each of these backups. Backups without a proof are left out. */
  readonly findProofs: (backupIds: readonly string[]) => Promise<readonly EdgeProof[]>;
  /**
   * Finds what the listing showed of each of these backups when it was recorded. Backups without a record are left out.
   */
  readonly findListings: (backupIds: readonly string[]) => Promise<readonly RecordedListing[]>;
  /**
   * Digest of the listing on which this backup was last proved whole at this place; null if it was never proved whole.
   */
  readonly provedListing: (backupId: string, location: Location) => Promise<string | null>;
  /** The known places of this backup: its record's place first, then the places that its unfinished imports name. */
  readonly locate: (backupId: string) => Promise<readonly Location[]>;
  /** Whether this backup has a record at this place. A record that was removed does not count. */
  readonly hasRecord: (backupId: string, location: Location) => Promise<boolean>;
  /** The project's buckets in this storage unit. A parent is looked for in them if it is found nowhere else. */
  readonly projectBuckets: () => Promise<readonly string[]>;
  /** Backups that this run looked for in other buckets and did not find. */
  readonly absences: Absences;
  /**
   * Maximum number of bytes that may be read to prove one link. A proof stops at `inventory` if the link's block hashes
   * are larger. It stops at `metadata` if the objects whose ETag is not their MD5 are larger.
   */
  readonly linkageMaxBytes: number;
  /** False for plans: proofs stop before they would read block hashes or data, and say which. */
  readonly readHashes: boolean;
  /** True if all data is read after the examination. ETags that are not the MD5 are then left to that reading. */
  readonly dataFollows: boolean;
  /** The certificates that may vouch for who signed a package. */
  readonly trustedRoots: TrustedRoots;
  readonly nowMs: () => number;
};
