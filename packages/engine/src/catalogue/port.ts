// Over 400 lines: the one port of the catalogue, whose steps are read beside one another.

import type {
  BackupFilter,
  BackupFormat,
  BackupSync,
  OperationFilter,
  OperationLogFilter,
  OperationStatus,
  ReasonCode,
  ResourceFilter,
  SyncOutcome,
  TakenAtSource,
  VerificationLevel,
} from '@backup-sync/contracts';
import type { EdgeProof, Fault, Listing, Location, SharedListing } from '../chain/proof/link.ts';
import type { Lane } from '../queue/port.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import type { TaskRecord } from './task-port.ts';

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
  readonly reasonCode: ReasonCode | null;
  /** What was seen, with its place; empty where there is no reason. */
  readonly reasonDetail: string;
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

/** Who did something: a user of the identity, or the local operating system user. */
export type Actor = { readonly kind: 'user' | 'system'; readonly name: string };

export type OperationKind = 'import' | 'delete';

/** What is kept of the attempts of an operation that storage did not answer. Times in milliseconds since 1970. */
export type Retries = {
  /** Attempts that storage made fail. */
  readonly attempts: number;
  readonly firstFailureAtMs: number | null;
  /** The next attempt is not made before then; null if it waits for no attempt. */
  readonly notBeforeMs: number | null;
  /** Why the last attempt failed; null if it waits for no attempt. */
  readonly reason: Fault | null;
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
  readonly reasonCode: ReasonCode | null;
  readonly reasonDetail: string;
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

/** What an operation has found out of a backup. */
export type Verdict = {
  readonly operationId: string;
  readonly projectId: string;
  readonly backupId: string;
  readonly endedAtMs: number;
  /** The record's revision when this was decided; null: there was none (or a forgotten one). */
  readonly decidedOnRevision: number | null;
  /** Null leaves the record as it is. */
  readonly record: RecordWrite | null;
  readonly proofs: readonly EdgeProof[];
};

/** A parent that was looked for and not found. */
export type MissingParent = {
  readonly backupId: string;
  /** The revision of its record when it was looked for; null: there was none (or a forgotten one). */
  readonly revision: number | null;
};

/** What the operation of an import says once it has ended. */
export type ImportOutcome = {
  readonly status: 'success' | 'failed' | 'timeout';
  readonly outcome: SyncOutcome;
  readonly message: string;
  readonly reasonCode: ReasonCode | null;
  readonly reasonDetail: string;
  readonly timeContradiction: string | null;
  readonly level: VerificationLevel | null;
  readonly incremental: boolean | null;
};

export type ImportFinish = ImportOutcome &
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
  readonly reason: Fault;
  readonly requests: RequestCount;
};

/** Which operations have waited too long for a bucket. */
export type OverdueWaits = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** Those accepted later have time left. Milliseconds since 1970. */
  readonly acceptedByMs: number;
  readonly reason: Fault;
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

/**
 * The durable truth. Each method is one whole atomic step, data in and data out; what it has answered is on disk.
 *
 * - `accept` writes all items of a request or none. Answers their ids in the order of the items, and the chains to be
 *   worked on. An item that equals one of the same project in flight (all fields, and whether its ancestors are wanted)
 *   gets that operation's id instead of a new one. Interactive items raise to their lane what is in flight of their
 *   backups.
 * - `startChain` makes the waiting operations of a chain, but for those that wait for another backup and have time left,
 *   and those whose next attempt is not due, running, epoch risen, and returns them in the order of
 *   acceptance; with them those that the same owner took up before and has not finished: it comes again after a fault. Of one backup at most the oldest unfinished operation is taken, whatever its chain: others wait
 *   behind it.
 * - `startChildren` does the same for those waiting operations of a chain alone that came up in the course of
 *   `parentOperationId`.
 * - `finishImport` ends an operation, writes its record and proofs. It does nothing and answers `stale_epoch` where
 *   the operation is no longer running under this epoch, or `stale_record` where the record's revision is no longer
 *   `decidedOnRevision` (decide anew). After `finished`, chains with waiting operations for the same backup, and with
 *   operations that waited for this backup, are returned: they may go on now.
 *   An import with a `missingParent` does not end if an import of that parent is unfinished: it becomes waiting, and is
 *   not taken up before one of these imports has ended. If the parent's record has changed since it was looked for, the
 *   import becomes waiting and its own chain is returned. If its wait would close a cycle, nothing is done.
 *   A proof that it writes, and that shows another recorded backup to be broken where it lies, marks that record, and a
 *   broken record marks those that build on it: nothing stays available against what is known.
 *   What builds on a backup whose state changes is accepted to be imported as well, and its chains are returned.
 *   An import that was cancelled while it ran ends as cancelled, and writes neither record nor proofs.
 * - `retryImport` makes a running import wait for another attempt, or end if it was cancelled, and returns the chains to
 *   be worked on; null where it no longer runs under this epoch. `retryOfChain` returns a chain with the time of its next
 *   attempt; null if none waits for one.
 * - `cancelImport` answers the import and the chains that may go on; null where the project has no such import. One that
 *   waits ends at once as `failed` with the reason `cancelled`, for all who wanted it. A running one is marked: whoever
 *   works on it ends it. One that has ended stays as it ended.
 * - `cancelledImports` returns the running imports of a chain that were cancelled.
 * - `endOverdueWaits` ends imports and tasks that wait for a bucket as `failed`, without asking storage. `ended` tells how
 *   many; `parentIds` are the operations in whose course they came up.
 * - `countBacklog` counts the unfinished imports of a project.
 * - `recordVerdict` writes record and proofs likewise for a task, which ends by itself; null where the record's revision
 *   is no longer `decidedOnRevision`.
 * - `releaseUnfinished` makes running operations wait again (their worker died or stops) and returns the chains that
 *   have waiting operations: all of them, or those leased by `leaseOwner` alone.
 * - `deleteBackup` marks the record forgotten and writes the ended operation of kind `delete`. `busy` with the
 *   operation's id where an import of it is in flight; `not_found` where there is no record, or a forgotten one.
 * - `showBackup` and `listBackups` do not show forgotten records. `listBackups` sorts as asked, then by id; a marker
 *   that is no record of the project is `marker_not_found`. With a marker, rows start behind it, `offset` is
 *   ignored, and `count` is still of the whole filter.
 * - `showOperation` knows imports and deletions; other kinds are tasks (task-port.ts). `listOperations` lists all kinds,
 *   newest first; `listOperationLogs` those that CBR calls `sync` and `delete`: imports, deletions and the runs of sources.
 * - `findProofs` returns the newest proof of each backup that has one. `provedListing` returns the digest of the listing on
 *   which the backup at this place was last proved to `inventory` at least without a fault; null if it never was.
 */
export interface Catalogue extends AsyncDisposable {
  accept(acceptance: Acceptance): Promise<{ readonly ids: readonly string[]; readonly chains: readonly DueChain[] }>;
  startChain(chain: ChainKey, leaseOwner: string, startedAtMs: number): Promise<readonly OperationRecord[]>;
  startChildren(
    chain: ChainKey,
    parentOperationId: string,
    leaseOwner: string,
    startedAtMs: number,
  ): Promise<readonly OperationRecord[]>;
  finishImport(finish: ImportFinish): Promise<ImportFinished>;
  retryImport(retry: Retry): Promise<readonly DueChain[] | null>;
  retryOfChain(chain: ChainKey): Promise<DueChain | null>;
  cancelImport(
    projectId: string,
    id: string,
    cancelledAtMs: number,
  ): Promise<{ readonly operation: OperationRecord; readonly chains: readonly DueChain[] } | null>;
  cancelledImports(chain: ChainKey): Promise<readonly string[]>;
  endOverdueWaits(
    waits: OverdueWaits,
  ): Promise<{ readonly ended: number; readonly chains: readonly DueChain[]; readonly parentIds: readonly string[] }>;
  countBacklog(projectId: string): Promise<number>;
  recordVerdict(verdict: Verdict): Promise<readonly DueChain[] | null>;
  /** Whether an operation of any kind and project is said to run. */
  isAnythingRunning(): Promise<boolean>;
  releaseUnfinished(leaseOwner: string | null, releasedAtMs: number): Promise<readonly DueChain[]>;
  deleteBackup(deletion: {
    readonly operationId: string;
    readonly projectId: string;
    readonly backupId: string;
    readonly actor: Actor;
    readonly requestId: string;
    readonly deletedAtMs: number;
  }): Promise<{ readonly result: 'deleted' | 'not_found' } | { readonly result: 'busy'; readonly operationId: string }>;
  /**
   * Gives a record the name that a person wants, and keeps the name of its sync requests. Null where there is no record,
   * or a forgotten one.
   */
  renameBackup(renaming: {
    readonly projectId: string;
    readonly backupId: string;
    readonly name: string;
    readonly renamedAtMs: number;
  }): Promise<BackupRecord | null>;
  showBackup(projectId: string, backupId: string): Promise<BackupRecord | null>;
  /** The chains of imports that wait for another backup and whose time is up: `startChain` takes them up now. */
  overdueWaits(nowMs: number): Promise<readonly DueChain[]>;
  /**
   * Where a backup is known to be: its record's place first, then the places that unfinished imports of it name, oldest
   * first. `revision` is the record's; null: there is none (or a forgotten one).
   */
  locateBackup(
    projectId: string,
    backupId: string,
  ): Promise<{ readonly revision: number | null; readonly locations: readonly Location[] }>;
  /** The buckets of a storage unit that grants, sources, records or unfinished operations of the project name, by name. */
  projectBuckets(projectId: string, storageUnitId: string): Promise<readonly string[]>;
  listBackups(filter: BackupFilter): Promise<Page<BackupRecord> | 'marker_not_found'>;
  showOperation(projectId: string, operationId: string): Promise<OperationRecord | null>;
  listOperationLogs(filter: OperationLogFilter): Promise<Page<LoggedOperation> | 'marker_not_found'>;
  listOperations(filter: OperationFilter): Promise<Page<LoggedOperation> | 'marker_not_found'>;
  /**
   * Pages by id through the resources of a project, or of what a source has seen, each with its newest backup proved to
   * at least `level`. It reads one row for each resource, however many backups there are.
   */
  listResources(filter: ResourceFilter): Promise<Page<ResourceStanding>>;
  /**
   * Notes that no newer backup of a resource is expected, and since when; a second call changes nothing. Null ends that,
   * as does a record of a backup that was made later than all that were recorded. Answers false if the project has no
   * backup of it.
   */
  retireResource(projectId: string, resourceId: string, retiredAtMs: number | null): Promise<boolean>;
  findProofs(projectId: string, backupIds: readonly string[]): Promise<readonly EdgeProof[]>;
  provedListing(projectId: string, backupId: string, location: Location): Promise<string | null>;
  /**
   * Makes stored times follow a wall clock that was set, so that they are as far away as before:
   * - The deadlines of operations move forward with it. After a step back, or at a start, they are at most 24 hours away.
   * - The planned runs of sources move back with it, and are at most one interval away. After a step forward they run at
   *   once: so they do after a machine has slept, which looks the same.
   */
  followClock(change: ClockChange): Promise<void>;
  /** Answers when the catalogue can be read. */
  ping(): Promise<void>;
  /** Answers when the catalogue can be written. Throws `CatalogueFullError` if its disk has too little space. */
  touch(): Promise<void>;
}
