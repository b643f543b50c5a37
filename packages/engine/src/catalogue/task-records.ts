import type { OperationStatus } from '@backup-sync/contracts';
import type { Fault } from '../chain/proof/link.ts';
import type { Actor, Lane, RequestCount, Retries } from './records.ts';

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
  readonly fault: Fault | null;
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

/** A task that there is to do: it only points at a row. */
export type TaskKey = {
  readonly id: string;
  readonly kind: TaskKind;
  readonly projectId: string;
  readonly storageUnitId: string;
  readonly bucketName: string;
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

export type TaskFinish = Pick<TaskRecord, 'id' | 'epoch' | 'message' | 'fault' | 'progress' | 'result'> & {
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
  readonly problem?: { readonly imagePath: string; readonly fault: Fault } | null;
};
