import type { BackupFormat, SyncOutcome, TakenAtSource, VerificationLevel } from '@backup-sync/contracts';
import type { EdgeProof, Fault, Listing, Location, SharedListing } from '../chain/proof/link.ts';

/** A recorded backup. Unique by (projectId, backupId). */
export type BackupRecord = {
  readonly projectId: string;
  readonly backupId: string;
  readonly backupName: string;
  /** The name in the sync requests, once a person has given the backup a name; else null. */
  readonly requestedName: string | null;
  readonly location: Location;
  readonly resourceId: string;
  readonly resourceName: string;
  readonly resourceType: string;
  /** When the backup was made, as the request says, seconds since 1970. Never part of its identity. */
  readonly protectedAtS: number;
  /** When it was made, as its age is judged; see `taken-at.ts`. */
  readonly takenAtMs: number;
  readonly takenAtSource: TakenAtSource;
  readonly timeContradiction: string | null;
  readonly status: 'available' | 'error';
  readonly fault: Fault | null;
  readonly format: BackupFormat;
  readonly contentId: string | null;
  readonly listing: Listing;
  /** Null for formats in which each backup has its objects for itself. */
  readonly shared: SharedListing | null;
  readonly level: VerificationLevel | null;
  readonly verifiedAtMs: number;
  readonly checkVersion: string;
  readonly parentBackupId: string | null;
  readonly incremental: boolean | null;
  readonly volumeBytes: number | null;
  /** Null until the backup is replayed, and once its chain is another than then. */
  readonly volumeHash: VolumeHash | null;
  readonly lastOperationId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Rises by one at each write; starts at 1. */
  readonly revision: number;
  /** The source that first imported or saw it; once that is removed, its oldest other source. */
  readonly sourceId: string | null;
  /** The run of a source that imported it. */
  readonly checkpointId: string | null;
};

/** What a replay gave, and of which chain (see `decide-sync.ts`). */
export type VolumeHash = { readonly sha256: string; readonly chainDigest: string };

/** What the record becomes: everything but what the catalogue itself keeps. */
export type RecordWrite = Omit<
  BackupRecord,
  'createdAtMs' | 'updatedAtMs' | 'revision' | 'lastOperationId' | 'sourceId' | 'checkpointId'
>;

/** What is decided of a backup by what was seen of it: what the log of its import says, and what is written. */
export type Decision = {
  readonly status: 'success' | 'failed' | 'timeout';
  readonly outcome: SyncOutcome;
  readonly message: string;
  /** Null exactly if the status is `success`. */
  readonly fault: Fault | null;
  readonly timeContradiction: string | null;
  readonly level: VerificationLevel | null;
  readonly incremental: boolean | null;
  /** Null leaves the record as it is. */
  readonly record: RecordWrite | null;
  readonly proofs: readonly EdgeProof[];
};

/** What an operation writes of a backup. */
export type Verdict = Pick<Decision, 'record' | 'proofs'> & {
  readonly operationId: string;
  readonly projectId: string;
  readonly backupId: string;
  readonly endedAtMs: number;
  /** The record's revision when this was decided; null: there was none (or a forgotten one). */
  readonly decidedOnRevision: number | null;
};

/** How the backups of a resource stand. */
export type ResourceStanding = {
  readonly resourceId: string;
  readonly resourceName: string;
  readonly backups: number;
  /** Of these, available and proved to the level that was asked for. */
  readonly proved: number;
  /** The newest of the proved; null if there is none, or none whose time is believed. */
  readonly head: {
    readonly backupId: string;
    readonly takenAtMs: number;
    readonly takenAtSource: TakenAtSource;
  } | null;
  /** Null if newer backups are expected. */
  readonly retiredAtMs: number | null;
};

/** Some of the rows of a listing, and how many there are in all. */
export type Page<Row> = { readonly rows: readonly Row[]; readonly count: number };
