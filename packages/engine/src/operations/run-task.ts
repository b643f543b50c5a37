import type { RequestCount } from '../catalogue/records.ts';
import type { Json, TaskKind, TaskProgress, TaskRecord } from '../catalogue/task-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { Fault } from '../chain/proof/link.ts';
import { abortAfter, deadlineDetail } from '../deadline.ts';
import { recentGrants } from '../identity/recent-grants.ts';
import type { JobRun } from '../queue/port.ts';
import type { Services } from '../services.ts';
import { startVerifications } from '../sources/start-verifications.ts';
import { countRequests } from '../storage/counted-storage-unit.ts';
import { limitToGrants } from '../storage/granted-storage-unit.ts';
import { StorageError, type StorageUnit } from '../storage/port.ts';
import { queueTask } from './queue-work.ts';
import { nextAttemptAtMs } from './retry.ts';
import { reasonOfStorageError } from './storage-reason.ts';

/** Progress is kept in memory and written down this often; a wish to cancel is seen then. */
const flushEveryMs = 1_000;

/** A task at work. */
export type TaskRun = {
  readonly task: TaskRecord;
  readonly services: Services;
  /** The storage unit, within the grants of the project, its requests counted for this task. */
  readonly storage: StorageUnit;
  /** Aborted when the task is cancelled, out of time, or the server stops. */
  readonly signal: AbortSignal;
  /** Waits until no other job has this name to itself; then this one has it until it ends. */
  readonly claim: (name: string) => Promise<void>;
  /** Notes counts; they are written down within a second. */
  report(progress: TaskProgress): void;
};

/** How the work on a task ended. A fault makes it `failed`. */
export type TaskOutcome = {
  readonly message: string;
  readonly fault: Fault | null;
  readonly result: Json;
  /** Without a fault, the task goes on until the imports that it has accepted have ended. */
  readonly awaitsImports?: boolean;
};

export type TaskWork = (run: TaskRun) => Promise<TaskOutcome>;

export type TaskWorker = {
  readonly services: Services;
  readonly leaseOwner: string;
  readonly works: { readonly [Kind in TaskKind]: TaskWork };
  readonly onFault: (operationId: string, error: unknown) => void;
};

/** The task was cancelled by its owner's wish. */
class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/**
 * Works a task off to its end, or until it waits for another attempt, unless the server stops or the catalogue fails, which throws: then the queue comes again.
 */
export async function runTask(
  worker: TaskWorker,
  taskId: string,
  { signal: stopping, storage, claim: claimUnless }: JobRun,
): Promise<void> {
  const {
    catalogue,
    work: { storedTimes },
    world: { clock },
  } = worker.services;
  const startedAtMs = await storedTimes.nowMs();
  const began = { wallMs: startedAtMs, monotonicMs: clock.monotonicMs() };
  const task = await catalogue.operations.startTask(taskId, worker.leaseOwner, startedAtMs);
  if (task === null) {
    // A clock that was set back: it is not due yet.
    const retry = await catalogue.operations.retryOfTask(taskId);
    if (retry !== null) queueTask(worker.services.work.queue, retry);
    return;
  }
  // What is refused for want of a grant is no request.
  const counted = countRequests(storage);
  const granted = limitToGrants(counted.unit, recentGrants(catalogue, task.projectId, clock));
  const cancelling = new AbortController();
  using deadline = abortAfter(task.deadlineAtMs - startedAtMs);
  const signal = AbortSignal.any([stopping, deadline.signal, cancelling.signal]);
  let progress = task.progress;
  const flush = async () => {
    const { running, cancelRequested } = await catalogue.operations.saveTaskProgress(
      task.id,
      task.epoch,
      progress,
      clock.nowMs(),
    );
    if (!running || cancelRequested) cancelling.abort(new Cancelled('the task was cancelled'));
  };
  const timer = setInterval(() => {
    flush().catch((error: unknown) => worker.onFault(task.id, error));
  }, flushEveryMs);
  let outcome: TaskOutcome;
  try {
    const report = (now: TaskProgress) => {
      progress = now;
    };
    const claim = (name: string) => claimUnless(name, signal);
    outcome = await worker.works[task.kind]({
      task,
      services: worker.services,
      storage: granted,
      signal,
      claim,
      report,
    });
  } catch (error) {
    // Stopping: the task keeps its lease until the engine releases it, and goes on from here at the next start.
    if (stopping.aborted) return void (await flush());
    if (isCatalogueFault(error)) throw error;
    outcome = { message: '', fault: faultOf(error), result: null };
  } finally {
    clearInterval(timer);
  }
  const requests: RequestCount = counted.count();
  const { fault, message, result, awaitsImports = false } = outcome;
  const finished = { id: task.id, epoch: task.epoch, message, progress, result, requests };
  if (awaitsImports && fault === null) {
    return void (await catalogue.operations.finishListing({ ...finished, listedAtMs: clock.nowMs() }));
  }
  const notBeforeMs = fault === null ? null : nextAttemptAtMs(worker.services, task, began, fault.code);
  if (fault !== null && notBeforeMs !== null) {
    const attempt = { operationId: task.id, epoch: task.epoch, failedAtMs: clock.nowMs(), requests, progress };
    const retry = await catalogue.operations.retryTask({ ...attempt, notBeforeMs, fault });
    if (retry !== null) return queueTask(worker.services.work.queue, retry);
    // It was cancelled meanwhile, and has ended.
  } else {
    await catalogue.operations.finishTask({
      ...finished,
      status: fault === null ? 'success' : fault.code === 'deadline_exceeded' ? 'timeout' : 'failed',
      fault,
      endedAtMs: clock.nowMs(),
    });
  }
  // A source has no more than some in hand: as one ends the next can begin.
  const { kind, parentOperationId } = task;
  if (kind === 'verify' && parentOperationId !== null) await startVerifications(worker.services, parentOperationId);

  function faultOf(error: unknown): Fault {
    if (cancelling.signal.aborted) return { code: 'cancelled', detail: '' };
    if (deadline.signal.aborted) return { code: 'deadline_exceeded', detail: deadlineDetail };
    if (error instanceof StorageError) return { code: reasonOfStorageError[error.code], detail: error.message };
    worker.onFault(taskId, error);
    return { code: 'internal', detail: `see the server's log for operation ${taskId}` };
  }
}
