import type { Fault } from '../chain/proof/link.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';

/** How far the objects of a part are proved. */
export type PartProgress = {
  /** Number of the link's objects before the first that is not proved. It counts from the beginning of the link. */
  readonly provedObjects: number;
  /** Bytes of the proved objects of this part. */
  readonly storedBytes: number;
  readonly plainBytes: number;
};

/** Identifies a part. */
export type PartKey = {
  readonly operationId: string;
  /** The link. */
  readonly backupId: string;
  /** Number of the link's objects before the part. */
  readonly firstObject: number;
};

/** A part that a verification has to read: one link of its chain, or a range of the objects of a large one. */
export type PlannedPart = Omit<PartKey, 'operationId'> & {
  /** Number of objects. Null if the part ends with the link. */
  readonly objectCount: number | null;
  /** Position of the link in the chain; the full backup has 0. */
  readonly link: number;
  /** See `Listing.digest`. Only a worker that sees the same listing may read the part. */
  readonly listingDigest: string;
};

/** A part of a running verification. Parts are in the order of their links and objects. */
export type VerificationPart = PartKey &
  PlannedPart & {
    /** `done` if all of its objects are proved, or if it has a fault. */
    readonly state: 'open' | 'held' | 'done';
    /** The worker that reads it; null unless it is held. */
    readonly leaseOwner: string | null;
    /** Rises each time the part is claimed. Only the holder of the current epoch can save and finish it. */
    readonly epoch: number;
    /** Rises each time the holder saves, even without progress. It shows that the holder is alive. */
    readonly saves: number;
    readonly progress: PartProgress;
    /** Fault of the broken object with the smallest offset; null if there is none. */
    readonly fault: Fault | null;
  };

/** A part under the epoch of its holder. */
export type HeldPart = PartKey & Pick<VerificationPart, 'epoch'>;

/** What a holder has done since it last saved. */
export type PartWork = {
  readonly progress: PartProgress;
  /** Requests to be added to the operation. All 0 if the worker of the operation counts them. */
  readonly requests: RequestCount;
};

/** The result of ending a part. */
export type PartFinished = {
  /** False if the part was not held under this epoch. Nothing was done to it then. */
  readonly isFinished: boolean;
  /** The part that the worker holds now; null if it wanted none, or if there is none for it. */
  readonly next: VerificationPart | null;
};
