import type { OperationStatus, ReasonCode } from '@backup-sync/contracts';
import type { Lane, TaskKey } from '../queue/port.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import type { Actor, Retries, Retry } from './port.ts';

/** Operations that are worked on by themselves, not as part of a chain's job. */
export type TaskKind = 'scan' | 'verify' | 'plan';

/** Counts by name, e.g. objects listed. */
export type TaskProgress = Readonly<Record<string, number>>;

/** Plain data that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A task: one operation with what was asked for and what came out. */
export type TaskRecord = {
  /** UUIDv7. */
  readonly id: string;
  readonly projectId: string;
  readonly kind: TaskKind;
  readonly parentOperationId: string | null;
  /** The source whose run it is; null where it is none. */
  readonly sourceId: string | null;
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly backupId: string | null;
  /** What was asked for; its shape is the kind's. */
  readonly request: Json;
  readonly actor: Actor;
  readonly requestId: string;
  readonly status: OperationStatus;
  readonly message: string;
  readonly reasonCode: ReasonCode | null;
  readonly reasonDetail: string;
  readonly progress: TaskProgress;
  /** What came out; null until the end. */
  readonly result: Json;
  readonly requests: RequestCount | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  /** Of a scan that imports: when its listing was complete. From then on it waits for its imports. */
  readonly listedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly updatedAtMs: number;
  /** When it ends as `timeout`. It follows the wall clock: see `StoredTimes`. */
  readonly deadlineAtMs: number;
  readonly cancelRequestedAtMs: number | null;
  readonly epoch: number;
  readonly lane: Lane;
  readonly retries: Retries;
};

/** A task that is to be worked on. */
export type DueTask = {
  readonly task: TaskKey;
  readonly lane: Lane;
  /** It is not taken up before then, milliseconds since 1970; null: now. */
  readonly notBeforeMs: number | null;
};

export type NewTask = Pick<
  TaskRecord,
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

/** What of a task's request must be the same for another to join it. */
export type JoinedRequest = { readonly [key: string]: Json };

/** What became of a task that was to be added. */
export type TaskJoined =
  | { readonly result: 'added'; readonly operationId: string; readonly lane: Lane }
  | { readonly result: 'joined'; readonly operationId: string };

export type TaskFinish = Pick<
  TaskRecord,
  'id' | 'epoch' | 'message' | 'reasonCode' | 'reasonDetail' | 'progress' | 'result'
> & {
  readonly status: 'success' | 'failed' | 'timeout';
  readonly endedAtMs: number;
  readonly requests: RequestCount;
};

/** What a scan that imports knows when its listing is complete. */
export type ListingFinish = Pick<TaskFinish, 'id' | 'epoch' | 'message' | 'progress' | 'result' | 'requests'> & {
  readonly listedAtMs: number;
};

/** What a scan or plan found. */
export type NumberedFinding = {
  readonly sequence: number;
  readonly finding: Json;
  /** Set if it counts as an error, and no import will tell more about it. */
  readonly problem?: { readonly imagePath: string; readonly code: ReasonCode; readonly detail: string } | null;
};

/**
 * Where tasks are kept, in the table of calls. Each method is one atomic step, on disk once it has answered.
 *
 * - `addTask` answers the lane of the task, and notes the resource of the task's backup beside it, where that is recorded: listings find it by that too.
 * - `startTask` makes a waiting task whose next attempt is due running, or takes up again one that this owner has running; epoch risen, findings of
 *   an earlier try removed, its progress kept. Null where it has ended, another owner runs it, or its next attempt is not due.
 * - `retryTask` makes a running task wait for another attempt, keeps its progress, and returns it with its time; null where
 *   it no longer runs under this epoch, or is cancelled, which ends it. `retryOfTask` returns a task that waits for another attempt; null if it does not.
 * - `saveTaskProgress`, `addFindings` and `finishTask` do nothing and answer false unless the task runs under this epoch.
 * - `finishListing` lets a scan wait for its imports, without a lease: it ends in the step that ends the last of them, or
 *   in this one if there is none or it is cancelled. It ends `failed` exactly if backups are in error. False as for `finishTask`.
 * - `endOverdueRuns` ends as `timeout` what waits for its imports beyond its deadline.
 * - `cancelTask` notes the wish and answers the task, null where there is none. A task that waits, or waits for its imports,
 *   ends at once as `failed` with the reason `cancelled`; its imports go on. A running one is ended by whoever works on it,
 *   who sees the note with its next progress.
 * - `releaseTasks` makes running tasks wait again, but for those that wait for their imports, and returns all that wait;
 *   see `releaseUnfinished`.
 * - `listFindings` pages through what a scan or plan found, in the order of finding, behind `after` (0: from the start).
 */
export interface TaskStore {
  addTask(task: NewTask): Promise<Lane>;
  /**
   * Adds a task, unless one waits or runs that does the same: then it answers that one's id. The same are tasks of one
   * project, kind, storage unit, bucket and backup, whose requests agree in each of `sameRequest`. No task is joined that
   * someone has cancelled, that has listed everything, or that a source or another operation has started.
   */
  joinTask(task: NewTask, sameRequest: JoinedRequest): Promise<TaskJoined>;
  startTask(id: string, leaseOwner: string, startedAtMs: number): Promise<TaskRecord | null>;
  retryTask(retry: Retry & { readonly progress: TaskProgress }): Promise<DueTask | null>;
  retryOfTask(id: string): Promise<DueTask | null>;
  saveTaskProgress(
    id: string,
    epoch: number,
    progress: TaskProgress,
    savedAtMs: number,
  ): Promise<{ readonly running: boolean; readonly cancelRequested: boolean }>;
  addFindings(id: string, epoch: number, findings: readonly NumberedFinding[]): Promise<boolean>;
  finishTask(finish: TaskFinish): Promise<boolean>;
  finishListing(listing: ListingFinish): Promise<boolean>;
  endOverdueRuns(nowMs: number): Promise<void>;
  cancelTask(projectId: string, id: string, cancelledAtMs: number): Promise<TaskRecord | null>;
  showTask(projectId: string, id: string): Promise<TaskRecord | null>;
  releaseTasks(leaseOwner: string | null, releasedAtMs: number): Promise<readonly DueTask[]>;
  listFindings(
    id: string,
    after: number,
    limit: number,
  ): Promise<readonly { readonly sequence: number; readonly finding: Json }[]>;
}
