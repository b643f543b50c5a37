import type { BackupSync, OperationStatus, SyncOutcome, VerificationLevel } from '@backup-sync/contracts';
import type { Fault } from '../chain/proof/link.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import type { Decision, Verdict } from './backup-records.ts';

/** How urgent work is: what somebody waits for, or what goes on by itself. `interactive` never waits behind `mass`. */
export type Lane = 'interactive' | 'mass';

/** Who did something: a user of the identity, or the local operating system user. */
export type Actor = { readonly kind: 'user' | 'system'; readonly name: string };

/** Counts by name, e.g. objects listed. */
export type OperationProgress = Readonly<Record<string, number>>;

/** Plain data that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

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

/** An operation on one item. The unfinished imports of a chain are worked on together. */
export type ItemKind = 'import' | 'delete';

/** An operation that is worked on by itself. */
export type SingleKind = 'scan' | 'verify' | 'plan';

export type OperationKind = ItemKind | SingleKind;

/** What operations of all kinds have. */
type CommonOfOperations = {
  /** UUIDv7, so that ids sort by time. */
  readonly id: string;
  readonly projectId: string;
  readonly parentOperationId: string | null;
  readonly storageUnitId: string;
  readonly bucketName: string;
  /** Null if it is not of one backup. */
  readonly backupId: string | null;
  readonly actor: Actor;
  readonly requestId: string;
  readonly status: OperationStatus;
  /** What happened; while an import waits for another backup, for which one. Empty otherwise. */
  readonly message: string;
  readonly fault: Fault | null;
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
  readonly lane: Lane;
  readonly retries: Retries;
  readonly cancelRequestedAtMs: number | null;
};

/** An import or the deletion of a record. */
export type ItemOperation = CommonOfOperations & {
  readonly kind: ItemKind;
  readonly backupId: string;
  /** The item as accepted, defaults filled in; of a delete, the item of the record that went. */
  readonly item: BackupSync;
  /** Its missing ancestors are to be recorded as well. */
  readonly withAncestors: boolean;
  /** See {@link Acceptance}. */
  readonly proofsNotBeforeMs: number | null;
  readonly outcome: SyncOutcome | null;
  /** See `BackupRecord`, as the import found it. */
  readonly timeContradiction: string | null;
  readonly level: VerificationLevel | null;
  readonly incremental: boolean | null;
};

/** A scan, a plan of a bucket, or the verification of a backup. */
export type SingleOperation = CommonOfOperations & {
  readonly kind: SingleKind;
  /** Of a scan: the source whose run it is; else null. */
  readonly sourceId: string | null;
  /** What was asked for; its shape is the kind's. */
  readonly request: Json;
  readonly progress: OperationProgress;
  /** What came out; null until the end. */
  readonly result: Json;
  /** Of a scan that imports: when its listing was complete. From then on it waits for its imports. */
  readonly listedAtMs: number | null;
};

/** An operation of any kind: its `kind` tells what else it has. CBR has imports, deletions and the runs of sources. */
export type OperationRecord = ItemOperation | SingleOperation;

export function hasItem(operation: OperationRecord): operation is ItemOperation {
  return operation.kind === 'import' || operation.kind === 'delete';
}

/** What imports are worked on together: the links of one chain, so that they share one listing. */
export type ChainKey = {
  readonly projectId: string;
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly chainRoot: string;
};

/** Points at an operation that is worked on by itself. */
export type OperationKey = Pick<SingleOperation, 'id' | 'kind' | 'projectId' | 'storageUnitId' | 'bucketName'>;

/** A chain that is to be worked on. */
export type DueChain = {
  readonly kind: 'chain';
  readonly chain: ChainKey;
  /** The highest lane of what is unfinished in it. */
  readonly lane: Lane;
  /** The earliest time at which some of it may be taken up, milliseconds since 1970; null: now. */
  readonly notBeforeMs: number | null;
};

/** A single operation that is to be worked on. */
export type DueOperation = {
  readonly kind: 'operation';
  readonly operation: OperationKey;
  readonly lane: Lane;
  /** It is not taken up before then, milliseconds since 1970; null: now. */
  readonly notBeforeMs: number | null;
};

/** Work that a queue should be told of. */
export type DueWork = DueChain | DueOperation;

/** An operation that a step has ended. Whoever asked for the step sees to what follows: see `after-end.ts`. */
export type EndedOperation = Pick<OperationRecord, 'id' | 'projectId' | 'kind' | 'parentOperationId' | 'status'>;

/** What comes of a step that may end operations. */
export type Ends<Due extends DueWork = DueWork> = {
  readonly ended: readonly EndedOperation[];
  /** What may be worked on now, or is tried again at its time. */
  readonly due: readonly Due[];
};

/** Imports to be accepted. */
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

/** A single operation as it is added. */
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
  /** Null: `interactive` while the actor has fewer than 50 unfinished interactive operations, else `mass`. */
  readonly lane: Lane | null;
};

/** What of an operation's request must be the same for another to join it. */
export type JoinedRequest = { readonly [key: string]: Json };

/** What became of an operation that was to be added. */
export type OperationJoined =
  | { readonly result: 'added'; readonly operationId: string; readonly lane: Lane }
  | { readonly result: 'joined'; readonly operationId: string };

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
  /** Of a single operation. */
  readonly progress?: OperationProgress;
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
 *
 * Nothing has ended unless it is `finished`.
 */
export type ImportFinished = Ends<DueChain> &
  (
    | { readonly result: 'finished' | 'stale_epoch' | 'stale_record' | 'waits' }
    | { readonly result: 'cycle'; readonly way: readonly string[] }
  );

/** How a single operation ends. */
export type OperationFinish = Pick<SingleOperation, 'id' | 'epoch' | 'message' | 'fault' | 'progress' | 'result'> & {
  readonly status: 'success' | 'failed' | 'timeout';
  readonly endedAtMs: number;
  readonly requests: RequestCount;
};

/** What a scan that imports knows when its listing is complete. */
export type ListingFinish = Pick<OperationFinish, 'id' | 'epoch' | 'message' | 'progress' | 'result' | 'requests'> & {
  readonly listedAtMs: number;
};

/** What a scan or plan found. */
export type NumberedFinding = {
  readonly sequence: number;
  readonly finding: Json;
  /** Set if it counts as an error, and no import will tell more about it. */
  readonly problem?: { readonly imagePath: string; readonly fault: Fault } | null;
};
