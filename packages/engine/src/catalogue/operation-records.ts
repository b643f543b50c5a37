import type { BackupSync, OperationStatus, ReasonCode, SyncOutcome, VerificationLevel } from '@backup-sync/contracts';
import type { Fault } from '../chain/proof/link.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import type { Decision, Verdict } from './backup-records.ts';

/** Urgency of work: `interactive` if a person waits for it, `mass` if not. `interactive` never waits for `mass`. */
export type Lane = 'interactive' | 'mass';

/** The author of a change: a user of the identity, or a user of the local operating system. */
export type Actor = { readonly kind: 'user' | 'system'; readonly name: string };

/** Counts by name, such as objects listed. */
export type OperationProgress = Readonly<Record<string, number>>;

/** Plain data that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The failed attempts of an operation whose bucket did not answer. Times are in milliseconds since 1970. */
export type Retries = {
  /** Number of attempts that failed because of storage. */
  readonly attempts: number;
  readonly firstFailureAtMs: number | null;
  /** Earliest time of the next attempt; null if the operation waits for none. */
  readonly notBeforeMs: number | null;
  /** Why the last attempt failed; null if the operation waits for no attempt. */
  readonly fault: Fault | null;
};

/** The kinds of operations on one item. The unfinished imports of a chain are worked on together. */
export type ItemKind = 'import' | 'delete';

/** The kinds of operations that are worked on separately. */
export type SingleKind = 'scan' | 'verify' | 'plan';

export type OperationKind = ItemKind | SingleKind;

/** The fields of operations of every kind. */
type CommonOfOperations = {
  /** UUIDv7, so that ids sort by time. */
  readonly id: string;
  readonly projectId: string;
  readonly parentOperationId: string | null;
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** Null if the operation concerns no single backup. */
  readonly backupId: string | null;
  readonly actor: Actor;
  readonly requestId: string;
  readonly status: OperationStatus;
  /** What happened, or the backup that an import waits for. Empty otherwise. */
  readonly message: string;
  readonly fault: Fault | null;
  readonly requests: RequestCount | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly updatedAtMs: number;
  /**
   * 24 hours after the operation was accepted, by a wall clock that may have been set, see `StoredTimes`. It then ends
   * as `timeout` if its kind has a deadline, see `hasDeadline`.
   */
  readonly deadlineAtMs: number;
  /** The worker of the operation, while it runs. */
  readonly leaseOwner: string | null;
  /** Rises each time the operation is started. Only the holder of the current epoch can finish it. */
  readonly epoch: number;
  readonly lane: Lane;
  readonly retries: Retries;
  readonly cancelRequestedAtMs: number | null;
};

/** An import or the deletion of a record. */
export type ItemOperation = CommonOfOperations & {
  readonly kind: ItemKind;
  readonly backupId: string;
  /** The item as accepted, with defaults filled in. A delete has the item of the record that was deleted. */
  readonly item: BackupSync;
  /** Whether its missing ancestors are to be recorded as well. */
  readonly withAncestors: boolean;
  /** See {@link Acceptance}. */
  readonly proofsNotBeforeMs: number | null;
  readonly outcome: SyncOutcome | null;
  /** As in `BackupRecord`, as the import found it. */
  readonly timeContradiction: string | null;
  readonly level: VerificationLevel | null;
  readonly incremental: boolean | null;
};

/** A scan, a plan of a bucket, or the verification of a backup. */
export type SingleOperation = CommonOfOperations & {
  readonly kind: SingleKind;
  /** Of a scan, the source whose run it is; else null. */
  readonly sourceId: string | null;
  /** The request; its shape depends on the kind. */
  readonly request: Json;
  readonly progress: OperationProgress;
  /** The result; null until the end. */
  readonly result: Json;
  /** Of a scan that imports, when its listing was complete. From then on it waits for its imports. */
  readonly listedAtMs: number | null;
  /** Of a scan or plan that ended long ago, when its findings were removed; null if they are there. */
  readonly findingsRemovedAtMs: number | null;
};

/**
 * An operation of any kind; `kind` determines its other fields. CBR shows imports, deletions and the runs of sources.
 */
export type OperationRecord = ItemOperation | SingleOperation;

export function hasItem(operation: OperationRecord): operation is ItemOperation {
  return operation.kind === 'import' || operation.kind === 'delete';
}

/** The kind of an operation as callers see it: the scan of a source has its own. */
export function wireKind(operation: {
  readonly kind: OperationKind;
  readonly sourceId?: string | null;
}): OperationKind | 'source_run' {
  const { kind, sourceId = null } = operation;
  return kind === 'scan' && sourceId !== null ? 'source_run' : kind;
}

/** Identifies the imports of one chain. They are worked on together, so that they share one listing. */
export type ChainKey = {
  readonly projectId: string;
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly chainRoot: string;
};

/** Identifies an operation that is worked on separately. */
export type OperationKey = Pick<SingleOperation, 'id' | 'kind' | 'projectId' | 'storageUnitId' | 'bucketName'>;

/** A chain with imports to be worked on. */
export type DueChain = {
  readonly kind: 'chain';
  readonly chain: ChainKey;
  /** The highest lane of its unfinished imports. */
  readonly lane: Lane;
  /** The earliest time at which one of its imports can be started, in milliseconds since 1970; null means now. */
  readonly notBeforeMs: number | null;
};

/** A single operation to be worked on. */
export type DueOperation = {
  readonly kind: 'operation';
  readonly operation: OperationKey;
  readonly lane: Lane;
  /** The earliest time at which it can be started, in milliseconds since 1970; null means now. */
  readonly notBeforeMs: number | null;
};

/**
 * Help for a verification that runs elsewhere: a worker that takes this job reads open parts of it. Nothing is lost if
 * nobody does.
 */
export type DueHelp = {
  readonly kind: 'part';
  readonly operation: OperationKey;
  /** Tells the helpers of an operation apart. Counts from 1. */
  readonly helper: number;
  readonly lane: Lane;
  readonly notBeforeMs: number | null;
};

/** Work to be queued. */
export type DueWork = DueChain | DueOperation | DueHelp;

/** An operation that a step has ended. The caller of the step does what has to follow, see `after-end.ts`. */
export type EndedOperation = Pick<OperationRecord, 'id' | 'projectId' | 'kind' | 'parentOperationId' | 'status'> &
  Pick<SingleOperation, 'sourceId'> & {
    /** Why it failed; null if it did not. */
    readonly reasonCode: ReasonCode | null;
  };

/** The result of a step that may end operations. */
export type Ends<Due extends DueWork = DueWork> = {
  readonly ended: readonly EndedOperation[];
  /** Work that is due now, or at the time of its next attempt. */
  readonly due: readonly Due[];
};

/** A request to import items. */
export type Acceptance = {
  readonly projectId: string;
  readonly actor: Actor;
  readonly requestId: string;
  readonly acceptedAtMs: number;
  /** The operation that accepted these items; null if a caller asked for them. */
  readonly parentOperationId: string | null;
  readonly withAncestors: boolean;
  /**
   * Null makes each item `interactive` while the actor has fewer than 50 unfinished interactive operations, else
   * `mass`.
   */
  readonly lane: Lane | null;
  /** In the order of the request. An item that is in flight already keeps its operation, and `id` is not used. */
  readonly items: readonly {
    readonly id: string;
    readonly item: BackupSync;
    readonly storageUnitId: string;
    readonly chainRoot: string;
    /** Proofs made before this time are made again; null reuses each proof while it holds. Milliseconds since 1970. */
    readonly proofsNotBeforeMs: number | null;
  }[];
};

/** A single operation to be added. */
export type NewOperation = Pick<
  SingleOperation,
  | 'id'
  | 'projectId'
  | 'kind'
  | 'parentOperationId'
  | 'sourceId'
  | 'storageUnitId'
  | 'bucketName'
  | 'backupId'
  | 'request'
  | 'actor'
  | 'requestId'
  | 'createdAtMs'
> & {
  /** Null makes it `interactive` while the actor has fewer than 50 unfinished interactive operations, else `mass`. */
  readonly lane: Lane | null;
};

/** The fields of an operation's request that must be the same for another operation to join it. */
export type JoinedRequest = { readonly [key: string]: Json };

/** Whether an operation was added, or one that does the same was joined. */
export type OperationJoined =
  | { readonly result: 'added'; readonly operationId: string; readonly lane: Lane }
  | { readonly result: 'joined'; readonly operationId: string };

/** A parent that an import looked for and did not find. */
export type MissingParent = {
  readonly backupId: string;
  /** The revision of its record when the import looked for it; null if there was none or it was forgotten. */
  readonly revision: number | null;
};

/** The end of an import, and the data that it writes about its backup. */
export type ImportFinish = Decision &
  Omit<Verdict, 'projectId' | 'backupId'> & {
    readonly epoch: number;
    readonly requests: RequestCount;
    /** The import waits if this parent is being imported. With null it ends, whatever is in flight. */
    readonly missingParent: MissingParent | null;
  };

/** A failed attempt of an operation that is to be retried because storage was the cause. */
export type Retry = {
  readonly operationId: string;
  readonly epoch: number;
  readonly failedAtMs: number;
  readonly notBeforeMs: number;
  readonly fault: Fault;
  readonly requests: RequestCount;
  /** The progress of a single operation. */
  readonly progress?: OperationProgress;
};

/** The end of a job of a single operation that continues in another job. */
export type Requeuing = {
  readonly operationId: string;
  readonly epoch: number;
  readonly requeuedAtMs: number;
  readonly progress: OperationProgress;
  readonly requests: RequestCount;
};

/** Selects operations that have waited too long for a bucket. */
export type OverdueWaits = {
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** Operations accepted later still have time. Milliseconds since 1970. */
  readonly acceptedByMs: number;
  readonly fault: Fault;
  readonly endedAtMs: number;
  /** Maximum number of operations that end in one step. */
  readonly limit: number;
};

/**
 * The result of ending an import. It has ended only if the result is `finished`.
 *
 * - `stale_epoch`, `stale_record`: nothing was done, see `finishImport`.
 * - `waits`: the import waits for the import of its missing parent, or of a part of its package.
 * - `cycle`: its wait would close a cycle. `way` leads from its backup through the waiting backups back to its own.
 */
export type ImportFinished = Ends<DueChain> &
  (
    | { readonly result: 'finished' | 'stale_epoch' | 'stale_record' | 'waits' }
    | { readonly result: 'cycle'; readonly way: readonly string[] }
  );

/** The end of a single operation. */
export type OperationFinish = Pick<SingleOperation, 'id' | 'epoch' | 'message' | 'fault' | 'progress' | 'result'> & {
  readonly status: 'success' | 'failed' | 'timeout';
  readonly endedAtMs: number;
  readonly requests: RequestCount;
};

/** The result of a scan that imports, when its listing is complete. */
export type ListingFinish = Pick<OperationFinish, 'id' | 'epoch' | 'message' | 'progress' | 'result' | 'requests'> & {
  readonly listedAtMs: number;
};

/** A finding of a scan or plan, with its number. */
export type NumberedFinding = {
  readonly sequence: number;
  readonly finding: Json;
  /** Set if the finding counts as an error that no import will report. */
  readonly problem?: { readonly imagePath: string; readonly fault: Fault } | null;
};
