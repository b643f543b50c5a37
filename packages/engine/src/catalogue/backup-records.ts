import type {
  BackupFormat,
  ExpandedVolume,
  FactCode,
  SyncOutcome,
  TakenAtSource,
  VerificationLevel,
} from '@backup-sync/contracts';
import type { EdgeProof, Examination, Fault, Form, Listing, Location, SharedListing } from '../chain/proof/link.ts';

/** The record of a backup. Unique by (projectId, backupId). */
export type BackupRecord = {
  readonly projectId: string;
  readonly backupId: string;
  readonly backupName: string;
  /** The name from the sync requests, if a person has renamed the backup; else null. */
  readonly requestedName: string | null;
  readonly location: Location;
  readonly resourceId: string;
  readonly resourceName: string;
  readonly resourceType: string;
  /** When the backup was made according to the request, in seconds since 1970. Never part of its identity. */
  readonly protectedAtS: number;
  /** When the backup was made, as used to judge its age; see `taken-at.ts`. */
  readonly takenAtMs: number;
  readonly takenAtSource: TakenAtSource;
  readonly timeContradiction: string | null;
  readonly status: 'available' | 'error';
  readonly fault: Fault | null;
  readonly format: BackupFormat;
  readonly contentId: string | null;
  readonly listing: Listing;
  /** Null for formats in which backups share no objects. */
  readonly shared: SharedListing | null;
  readonly level: VerificationLevel | null;
  /** See {@link Examination.form}. Null also if an earlier release wrote the record of a format with several forms. */
  readonly form: Form | null;
  readonly verifiedAtMs: number;
  readonly checkVersion: string;
  readonly parentBackupId: string | null;
  readonly incremental: boolean | null;
  readonly volumeBytes: number | null;
  /** Null until the backup is replayed, and when its chain is no longer the one that was replayed. */
  readonly volumeHash: VolumeHash | null;
  /** Null until a backup without hashes of its volumes is replayed, and when its chain is no longer that one. */
  readonly expanded: Expansion | null;
  /** Empty until a verification has read a backup whose level says less than that. */
  readonly facts: readonly RecordedFact[];
  readonly lastOperationId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Rises by 1 with each write; starts at 1. */
  readonly revision: number;
  /**
   * The source that first imported or saw the backup; once that is removed, the oldest other source that has seen it.
   */
  readonly sourceId: string | null;
  /** The run of a source that imported the backup; null if none did. */
  readonly checkpointId: string | null;
};

/** The hash of the volume that a replay produced, and the digest of the chain it replayed (see `decide-sync.ts`). */
export type VolumeHash = { readonly sha256: string; readonly chainDigest: string };

/** What reading a backup has shown, and when, in milliseconds since 1970. */
export type RecordedFact = { readonly code: FactCode; readonly atMs: number };

/** The volumes that a replay produced and could compare with nothing, and the digest of the chain that it replayed. */
export type Expansion = { readonly chainDigest: string; readonly volumes: readonly ExpandedVolume[] };

/** What a replay gave: the hash of a volume that matched, or volumes that nothing says the hash of. */
export type ReplayResult =
  | { readonly kind: 'matched'; readonly sha256: string }
  | { readonly kind: 'expanded'; readonly volumes: readonly ExpandedVolume[] };

/** The new content of a record: everything except the fields that the catalogue itself maintains. */
export type RecordWrite = Omit<
  BackupRecord,
  'createdAtMs' | 'updatedAtMs' | 'revision' | 'lastOperationId' | 'sourceId' | 'checkpointId'
>;

/** The decision on a backup: the outcome for the log of its import, and the record and proofs to write. */
export type Decision = {
  readonly status: 'success' | 'failed' | 'timeout';
  readonly outcome: SyncOutcome;
  readonly message: string;
  /** Null if, and only if, the status is `success`. */
  readonly fault: Fault | null;
  readonly timeContradiction: string | null;
  readonly level: VerificationLevel | null;
  readonly incremental: boolean | null;
  /** Null leaves the record unchanged. */
  readonly record: RecordWrite | null;
  readonly proofs: readonly EdgeProof[];
  /** See `Examination`. */
  readonly parts?: readonly string[];
};

/** The data that an operation writes about a backup. */
export type Verdict = Pick<Decision, 'record' | 'proofs'> & {
  readonly operationId: string;
  readonly projectId: string;
  readonly backupId: string;
  readonly endedAtMs: number;
  /** The record's revision when this was decided; null if there was no record or it was forgotten. */
  readonly decidedOnRevision: number | null;
};

/** The state of a resource's backups: how many there are, how many are proved, and the newest proved one. */
export type ResourceStanding = {
  readonly resourceId: string;
  readonly resourceName: string;
  readonly backups: number;
  /** Number of these that are available and proved to the requested level. */
  readonly proved: number;
  /** The newest proved backup; null if there is none, or if the time of each is in the future. */
  readonly head: {
    readonly backupId: string;
    readonly takenAtMs: number;
    readonly takenAtSource: TakenAtSource;
  } | null;
  /** Null if newer backups are expected. */
  readonly retiredAtMs: number | null;
};

/** A page of resources, and the marker of the next page; null if there is none. */
export type ResourcePage = Page<ResourceStanding> & { readonly next: string | null };

/** One of the newest backups of a resource, in any state. */
export type RecentBackup = Pick<BackupRecord, 'backupId' | 'takenAtMs' | 'status' | 'level'>;

/** The recent backups of a resource. */
export type RecentBackups = {
  /** The level of the newest proved backup, and when it was proved; null if there is none. */
  readonly newestProved: Pick<BackupRecord, 'level' | 'verifiedAtMs'> | null;
  /** Number of backups in error that were made after the newest proved one. */
  readonly failed: number;
  /** Why the newest of these is in error; null if there is none. */
  readonly newestFault: Fault | null;
  /** The newest backups, newest first. */
  readonly history: readonly RecentBackup[];
};

/** The number of resources of each standing. */
export type StandingCounts = {
  readonly resources: number;
  /** Those without a proved backup whose age is known. Neither these nor the late ones are retired. */
  readonly unproved: number;
  /** Those without a proved backup of the maximum age or newer. Null if no maximum age was given. */
  readonly late: number | null;
  readonly retired: number;
  /** The resource that is not retired whose newest proved backup is the oldest; null if none has one. */
  readonly oldest: ResourceStanding | null;
};

/** A proof as it was recorded. */
export type RecordedProof = { readonly id: string; readonly operationId: string; readonly proof: EdgeProof };

/** A page of a listing, and the number of all rows. */
export type Page<Row> = { readonly rows: readonly Row[]; readonly count: number };

/** Where a backup is known to be. */
export type LocatedBackup = {
  readonly backupId: string;
  /** The revision of its record; null if there is none or it was forgotten. */
  readonly revision: number | null;
  /** The place of its record first, then those that its unfinished imports name, oldest first. */
  readonly locations: readonly Location[];
};
