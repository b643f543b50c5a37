import { isLeaseLost, LeaseLostError } from '../catalogue/fence.ts';
import type {
  EndedOperation,
  Json,
  OperationProgress,
  SingleKind,
  SingleOperation,
} from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { Fault } from '../chain/proof/link.ts';
import { abortAfter, deadlineDetail, hasDeadline, OutOfTimeError } from '../deadline.ts';
import { recentGrants } from '../identity/recent-grants.ts';
import type { JobRun } from '../queue/port.ts';
import type { Services } from '../services.ts';
import { countRequests, type RequestCount } from '../storage/counted-storage-unit.ts';
import { limitToGrants } from '../storage/granted-storage-unit.ts';
import { StorageError, type StorageUnit } from '../storage/port.ts';
import { listInRanges } from '../storage/ranges/list-in-ranges.ts';
import { reasonOfStorageError } from '../storage/storage-reason.ts';
import { afterEnd } from './after-end.ts';
import { type AttemptBeginning, nextAttemptAtMs } from './retry.ts';

/** Interval at which progress is saved and a request to cancel is noticed, in milliseconds. */
const flushEveryMs = 1_000;

/** A running operation and the tools for its work. */
export type OperationRun = {
  readonly operation: SingleOperation;
  /** Its catalogue writes nothing once another worker has the operation: it then throws `LeaseLostError`. */
  readonly services: Services;
  /** The worker that runs the operation. */
  readonly leaseOwner: string;
  /** The storage unit, limited to the project's grants. Its requests are counted for this operation. */
  readonly storage: StorageUnit;
  /** Aborted when the operation is cancelled or out of time, or the server stops. */
  readonly signal: AbortSignal;
  /** Waits until no other job has this name; this job then keeps it until it ends. */
  readonly claim: (name: string) => Promise<void>;
  /** Sets counts, which are saved within a second. */
  report(progress: OperationProgress): void;
  /** Takes an error of this program that does not end the operation. It is logged. */
  readonly onFault: (error: unknown) => void;
};

/** The outcome of an operation's work. With a fault, the operation has `failed`. */
export type OperationOutcome = {
  readonly message: string;
  readonly fault: Fault | null;
  readonly result: Json;
  /** If true and there is no fault, the operation continues until the imports that it has accepted have ended. */
  readonly awaitsImports?: boolean;
};

/** Works on an operation, to its end or until it has to go on in another job. */
export type OperationWork = (run: OperationRun) => Promise<OperationOutcome | 'continues later'>;

export type OperationWorker = {
  readonly services: Services;
  readonly leaseOwner: string;
  readonly works: { readonly [Kind in SingleKind]: OperationWork };
  readonly onFault: (operationId: string, error: unknown) => void;
};

/** The abort reason of an operation that its owner asked to cancel. */
class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/**
 * Runs a single operation until it ends or waits for another attempt. Returns early if the server stops or another
 * worker has the operation. Throws if the catalogue fails: the queue then tries again.
 */
export async function runOperation(
  worker: OperationWorker,
  operationId: string,
  { signal: stopping, storage, claim: claimUnless }: JobRun,
): Promise<void> {
  const {
    catalogue,
    work: { storedTimes },
    world: { clock },
  } = worker.services;
  const startedAtMs = await storedTimes.nowMs();
  const began = { wallMs: startedAtMs, monotonicMs: clock.monotonicMs() };
  const operation = await catalogue.operations.startOperation(operationId, worker.leaseOwner, startedAtMs);
  if (operation === null) {
    // If the clock was set back, the operation is not due yet.
    const retry = await catalogue.operations.retryOfOperation(operationId);
    if (retry !== null) await worker.services.work.queue.add(retry);
    return;
  }
  // A request that the grants refuse is not counted.
  const counted = countRequests(storage);
  const granted = limitToGrants(counted.unit, recentGrants(catalogue, operation.projectId, clock));
  const cancelling = new AbortController();
  using deadline = abortAfter(hasDeadline(operation.kind) ? operation.deadlineAtMs - startedAtMs : null);
  const signal = AbortSignal.any([stopping, deadline.signal, cancelling.signal]);
  let progress = operation.progress;
  const flush = async () => {
    const { running, cancelRequested } = await catalogue.operations.saveProgress(
      operation.id,
      operation.epoch,
      progress,
      clock.nowMs(),
    );
    if (!running) cancelling.abort(new LeaseLostError(`operation ${operation.id} no longer runs here`));
    else if (cancelRequested) cancelling.abort(new Cancelled('the operation was cancelled'));
  };
  const timer = setInterval(() => {
    flush().catch((error: unknown) => worker.onFault(operation.id, error));
  }, flushEveryMs);
  let outcome: OperationOutcome | 'continues later';
  try {
    const report = (now: OperationProgress) => {
      progress = now;
    };
    const claim = (name: string) => claimUnless(name, signal);
    outcome = await worker.works[operation.kind]({
      operation,
      services: {
        ...worker.services,
        catalogue: catalogue.fenced({ operationId: operation.id, epoch: operation.epoch }),
      },
      leaseOwner: worker.leaseOwner,
      storage: listInRanges(granted, signal),
      signal,
      claim,
      report,
      onFault: (error) => worker.onFault(operationId, error),
    });
  } catch (error) {
    // When stopping, the operation keeps its lease until the engine releases it, and continues at the next start.
    if (stopping.aborted) return void (await flush());
    // The next worker does it all again, from what was recorded.
    if (isLeaseLost(error) || isLeaseLost(cancelling.signal.reason)) return;
    if (isCatalogueFault(error)) throw error;
    outcome = { message: '', fault: faultOf(error), result: null };
  } finally {
    clearInterval(timer);
  }
  const spent = { progress, requests: counted.count() };
  const ended =
    outcome === 'continues later'
      ? await requeue(worker.services, operation, spent)
      : await conclude(worker.services, operation, began, outcome, spent);
  await afterEnd(worker.services, ended);

  function faultOf(error: unknown): Fault {
    if (cancelling.signal.aborted) return { code: 'cancelled', detail: '' };
    if (deadline.signal.aborted) return { code: 'deadline_exceeded', detail: deadlineDetail };
    if (error instanceof OutOfTimeError) return { code: 'deadline_exceeded', detail: error.message };
    if (error instanceof StorageError) return { code: reasonOfStorageError[error.code], detail: error.message };
    worker.onFault(operationId, error);
    return { code: 'internal', detail: `see the server's log for operation ${operationId}` };
  }
}

type Spent = { readonly progress: OperationProgress; readonly requests: RequestCount };

/** Lets the operation go on in another job. */
async function requeue(
  { catalogue, world: { clock } }: Services,
  { id: operationId, epoch }: SingleOperation,
  spent: Spent,
): Promise<readonly EndedOperation[]> {
  const requeuing = { operationId, epoch, requeuedAtMs: clock.nowMs(), ...spent };
  return (await catalogue.operations.requeueOperation(requeuing))?.ended ?? [];
}

/** Records the outcome. Nothing has ended if another process has taken over the operation meanwhile. */
async function conclude(
  services: Services,
  operation: SingleOperation,
  began: AttemptBeginning,
  { message, fault, result, awaitsImports = false }: OperationOutcome,
  spent: Spent,
): Promise<readonly EndedOperation[]> {
  const {
    catalogue: { operations },
    world: { clock },
  } = services;
  const { id, epoch } = operation;
  const finished = { id, epoch, message, result, ...spent };
  if (awaitsImports && fault === null) {
    const ended = await operations.finishListing({ ...finished, listedAtMs: clock.nowMs() });
    return ended ?? [];
  }
  const notBeforeMs = fault === null ? null : nextAttemptAtMs(services, operation, began, fault.code);
  if (fault !== null && notBeforeMs !== null) {
    const attempt = { operationId: id, epoch, failedAtMs: clock.nowMs(), ...spent };
    const ends = await operations.retryOperation({ ...attempt, notBeforeMs, fault });
    return ends?.ended ?? [];
  }
  const ended = await operations.finishOperation({
    ...finished,
    status: fault === null ? 'success' : fault.code === 'deadline_exceeded' ? 'timeout' : 'failed',
    fault,
    endedAtMs: clock.nowMs(),
  });
  return ended ?? [];
}
