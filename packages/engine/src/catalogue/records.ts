// Over 400 lines: the one port of the catalogue, whose steps are read beside one another.
import type {
  BackupFormat,
  BackupSync,
  OperationStatus,
  SyncOutcome,
  TakenAtSource,
  VerificationLevel,
} from '@backup-sync/contracts';
import type { EdgeProof, Fault, Listing, Location, SharedListing } from '../chain/proof/link.ts';
import type { TaskRecord } from './task-records.ts';

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

/** What a replay gave, and of which chain (see `chain-digest.ts`). */
export type VolumeHash = { readonly sha256: string; readonly chainDigest: string };

/** How urgent work is: what somebody waits for, or what goes on by itself. `interactive` never waits behind `mass`. */
export type Lane = 'interactive' | 'mass';

/** Who did something: a user of the identity, or the local operating system user. */
export type Actor = { readonly kind: 'user' | 'system'; readonly name: string };

/** Requests made to storage by one job. */
export type RequestCount = { readonly lists: number; readonly gets: number; readonly bytesRead: number };

export type OperationKind = 'import' | 'delete';

/** What is kept of the attempts of an operation that storage did not answer. Times in milliseconds since 1970. */
export type Retries = {
  /** Attempts that storage made fail. */
  readonly attempts: number;
  readonly firstFailureAtMs: number | null;
  /** The next attempt is not made before then; null if it waits for no attempt. */
  readonly notBeforeMs: number | null;
  /** Why the last attempt failed; null if it waits for no attempt. */
  readonly fault: Fault | null;
};

/** A wall clock that was set. */
export type ClockChange = {
  /** By how much it was set forward; negative: back. Zero at a start, when nobody knows. Milliseconds. */
  readonly steppedMs: number;
  /** What it shows now. */
  readonly nowMs: number;
};

/** One operation: the row behind an operation log. */
export type OperationRecord = {
  /** UUIDv7, so that ids sort by time. */
  readonly id: string;
  readonly projectId: string;
  readonly kind: OperationKind;
  readonly parentOperationId: string | null;
  readonly storageUnitId: string;
  /** The item as accepted, defaults filled in; of a delete, the item of the record that went. */
  readonly item: BackupSync;
  /** Its missing ancestors are to be recorded as well. */
  readonly withAncestors: boolean;
  readonly actor: Actor;
  readonly requestId: string;
  readonly status: OperationStatus;
  readonly outcome: SyncOutcome | null;
  /** What happened; while it waits for another backup, for which one. Empty otherwise. */
  readonly message: string;
  readonly fault: Fault | null;
  /** See {@link BackupRecord}, as the import found it. */
  readonly timeContradiction: string | null;
  readonly level: VerificationLevel | null;
  readonly incremental: boolean | null;
  readonly requests: RequestCount | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly updatedAtMs: number;
  /** When it ends as `timeout`. It follows the wall clock: see `StoredTimes`. */
  readonly deadlineAtMs: number;
  /** Who works on it, while it runs. */
  readonly leaseOwner: string | null;
  /** Rises each time it is taken up; only the holder of the present epoch may finish it. */
  readonly epoch: number;
  /** See {@link Acceptance}. */
  readonly proofsNotBeforeMs: number | null;
  readonly lane: Lane;
  readonly retries: Retries;
  readonly cancelRequestedAtMs: number | null;
};

/** An operation of any kind: imports and deletions of one backup, and tasks. CBR has the first two, and the runs of sources. */
export type LoggedOperation = OperationRecord | TaskRecord;

export function isTask(record: LoggedOperation): record is TaskRecord {
  return record.kind !== 'import' && record.kind !== 'delete';
}

/** What operations are worked on together: the links of one chain, so that they share one listing. */
export type ChainKey = {
  readonly projectId: string;
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly chainRoot: string;
};

/** A chain that is to be worked on. */
export type DueChain = {
  readonly chain: ChainKey;
  /** The highest lane of what is unfinished in it. */
  readonly lane: Lane;
  /** The earliest time at which some of it may be taken up, milliseconds since 1970; null: now. */
  readonly notBeforeMs: number | null;
};

export type Acceptance = {
  readonly projectId: string;
  readonly actor: Actor;
  readonly requestId: string;
  readonly acceptedAtMs: number;
  /** The operation in whose course these came up; null where a caller asked for them. */
  readonly parentOperationId: string | null;
  readonly withAncestors: boolean;
  /** Null: each item is `interactive` while the actor has fewer than 50 unfinished interactive operations, else `mass`. */
  readonly lane: Lane | null;
  /** In the order of the request. `id` is used unless the same item is already in flight. */
  readonly items: readonly {
    readonly id: string;
    readonly item: BackupSync;
    readonly storageUnitId: string;
    readonly chainRoot: string;
    /** Proofs made before are made anew; null: each is reused while it holds. Milliseconds since 1970. */
    readonly proofsNotBeforeMs: number | null;
  }[];
};

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

/** A parent that was looked for and not found. */
export type MissingParent = {
  readonly backupId: string;
  /** The revision of its record when it was looked for; null: there was none (or a forgotten one). */
  readonly revision: number | null;
};

/** How an import ends, and what it writes of its backup. */
export type ImportFinish = Decision &
  Omit<Verdict, 'projectId' | 'backupId'> & {
    readonly epoch: number;
    readonly requests: RequestCount;
    /** The import waits if this parent is being imported. Null: it ends, whatever is in flight. */
    readonly missingParent: MissingParent | null;
  };

/** An attempt that storage made fail, of an operation that is to be tried again. */
export type Retry = {
  readonly operationId: string;
  readonly epoch: number;
  readonly failedAtMs: number;
  readonly notBeforeMs: number;
  readonly fault: Fault;
  readonly requests: RequestCount;
};

/** Which operations have waited too long for a bucket. */
export type OverdueWaits = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** Those accepted later have time left. Milliseconds since 1970. */
  readonly acceptedByMs: number;
  readonly fault: Fault;
  readonly endedAtMs: number;
  /** So many end in one step at most. */
  readonly limit: number;
};

/**
 * What became of an import that was to end.
 *
 * - `waits`: it waits for the import of its missing parent.
 * - `cycle`: its wait would close a cycle. `way` leads from its backup over those that wait back to its backup.
 */
export type ImportFinished =
  | { readonly result: 'finished' | 'stale_epoch' | 'stale_record' | 'waits'; readonly chains: readonly DueChain[] }
  | { readonly result: 'cycle'; readonly chains: readonly []; readonly way: readonly string[] };

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

export type Page<Row> = { readonly rows: readonly Row[]; readonly count: number };
