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
import type { EdgeProof, Listing, Location } from '../chain/link.ts';
import type { TaskRecord } from './task-port.ts';

/** A recorded backup. Unique by (projectId, backupId). */
export type BackupRecord = {
  readonly projectId: string;
  readonly backupId: string;
  readonly backupName: string;
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
  readonly level: VerificationLevel | null;
  readonly verifiedAtMs: number;
  readonly checkVersion: string;
  readonly parentBackupId: string | null;
  readonly incremental: boolean | null;
  readonly volumeBytes: number | null;
  readonly lastOperationId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Rises by one at each write; starts at 1. */
  readonly revision: number;
};

/** Who did something: a user of the identity, or the local operating system user. */
export type Actor = { readonly kind: 'user' | 'system'; readonly name: string };

/** Requests made to storage by one job. */
export type RequestCount = { readonly lists: number; readonly gets: number; readonly bytesRead: number };

export type OperationKind = 'import' | 'delete';

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
  /** What happened, one sentence; empty until the end. */
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
  /** Who works on it, while it runs. */
  readonly leaseOwner: string | null;
  /** Rises each time it is taken up; only the holder of the present epoch may finish it. */
  readonly epoch: number;
  /** See {@link Acceptance}. */
  readonly proofsNotBeforeMs: number | null;
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

export type Acceptance = {
  readonly projectId: string;
  readonly actor: Actor;
  readonly requestId: string;
  readonly acceptedAtMs: number;
  /** The operation in whose course these came up; null where a caller asked for them. */
  readonly parentOperationId: string | null;
  readonly withAncestors: boolean;
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
export type RecordWrite = Omit<BackupRecord, 'createdAtMs' | 'updatedAtMs' | 'revision' | 'lastOperationId'>;

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

export type ImportFinish = Omit<Verdict, 'projectId' | 'backupId'> & {
  readonly epoch: number;
  readonly status: 'success' | 'failed' | 'timeout';
  readonly outcome: SyncOutcome;
  readonly message: string;
  readonly reasonCode: ReasonCode | null;
  readonly reasonDetail: string;
  readonly timeContradiction: string | null;
  readonly level: VerificationLevel | null;
  readonly incremental: boolean | null;
  readonly requests: RequestCount;
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
};

export type Page<Row> = { readonly rows: readonly Row[]; readonly count: number };

/**
 * The durable truth. Each method is one whole atomic step, data in and data out; what it has answered is on disk.
 *
 * - `accept` writes all items of a request or none. An item that equals one of the same project in flight (all fields,
 *   and whether its ancestors are wanted) gets that operation's id instead of a new one.
 * - `startChain` makes the waiting operations of a chain running, epoch risen, and returns them in the order of
 *   acceptance; with them those that the same owner took up before and has not finished: it comes again after a fault. Of one backup at most the oldest unfinished operation is taken, whatever its chain: others wait
 *   behind it.
 * - `startChildren` does the same for those waiting operations of a chain alone that came up in the course of
 *   `parentOperationId`.
 * - `finishImport` ends an operation, writes its record and proofs. It does nothing and answers `stale_epoch` where
 *   the operation is no longer running under this epoch, or `stale_record` where the record's revision is no longer
 *   `decidedOnRevision` (decide anew). After `finished`, chains with waiting operations for the same backup are
 *   returned: they may go on now.
 *   A proof that it writes, and that shows another recorded backup to be broken where it lies, marks that record, and a
 *   broken record marks those that build on it: nothing stays available against what is known.
 * - `recordVerdict` writes record and proofs likewise for a task, which ends by itself; false where the record's revision
 *   is no longer `decidedOnRevision`.
 * - `releaseUnfinished` makes running operations wait again (their worker died or stops) and returns the chains that
 *   have waiting operations: all of them, or those leased by `leaseOwner` alone.
 * - `deleteBackup` marks the record forgotten and writes the ended operation of kind `delete`. `busy` with the
 *   operation's id where an import of it is in flight; `not_found` where there is no record, or a forgotten one.
 * - `showBackup` and `listBackups` do not show forgotten records. `listBackups` sorts as asked, then by id; a marker
 *   that is no record of the project is `marker_not_found`. With a marker, rows start behind it and `count` is still
 *   of the whole filter. `offset` counts from there.
 * - `showOperation` knows imports and deletions; other kinds are tasks (task-port.ts). `listOperations` lists all kinds,
 *   newest first; `listOperationLogs` those that CBR calls `sync` and `delete`: imports, deletions and the runs of sources.
 * - `findProofs` returns the newest proof of each backup that has one.
 */
export interface Catalogue extends AsyncDisposable {
  accept(acceptance: Acceptance): Promise<readonly string[]>;
  startChain(chain: ChainKey, leaseOwner: string, startedAtMs: number): Promise<readonly OperationRecord[]>;
  startChildren(
    chain: ChainKey,
    parentOperationId: string,
    leaseOwner: string,
    startedAtMs: number,
  ): Promise<readonly OperationRecord[]>;
  finishImport(
    finish: ImportFinish,
  ): Promise<{ readonly result: 'finished' | 'stale_epoch' | 'stale_record'; readonly chains: readonly ChainKey[] }>;
  recordVerdict(verdict: Verdict): Promise<boolean>;
  releaseUnfinished(leaseOwner: string | null, releasedAtMs: number): Promise<readonly ChainKey[]>;
  deleteBackup(deletion: {
    readonly operationId: string;
    readonly projectId: string;
    readonly backupId: string;
    readonly actor: Actor;
    readonly requestId: string;
    readonly deletedAtMs: number;
  }): Promise<{ readonly result: 'deleted' | 'not_found' } | { readonly result: 'busy'; readonly operationId: string }>;
  showBackup(projectId: string, backupId: string): Promise<BackupRecord | null>;
  listBackups(filter: BackupFilter): Promise<Page<BackupRecord> | 'marker_not_found'>;
  showOperation(projectId: string, operationId: string): Promise<OperationRecord | null>;
  listOperationLogs(filter: OperationLogFilter): Promise<Page<LoggedOperation> | 'marker_not_found'>;
  listOperations(filter: OperationFilter): Promise<Page<LoggedOperation> | 'marker_not_found'>;
  /**
   * Pages by id through the resources of a project, or of what a source has seen, each with its newest backup proved to
   * at least `level`. It reads one row for each resource, however many backups there are.
   */
  listResources(filter: ResourceFilter): Promise<Page<ResourceStanding>>;
  findProofs(projectId: string, backupIds: readonly string[]): Promise<readonly EdgeProof[]>;
  /** Answers when the catalogue can be read. */
  ping(): Promise<void>;
}
