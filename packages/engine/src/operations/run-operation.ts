import type { Ends, Json, OperationProgress, SingleKind, SingleOperation } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { Fault } from '../chain/proof/link.ts';
import { abortAfter, deadlineDetail } from '../deadline.ts';
import { recentGrants } from '../identity/recent-grants.ts';
import type { JobRun } from '../queue/port.ts';
import type { Services } from '../services.ts';
import { countRequests, type RequestCount } from '../storage/counted-storage-unit.ts';
import { limitToGrants } from '../storage/granted-storage-unit.ts';
import { StorageError, type StorageUnit } from '../storage/port.ts';
import { reasonOfStorageError } from '../storage/storage-reason.ts';
import { afterEnd } from './after-end.ts';
import { queueWork } from './queue-work.ts';
import { type AttemptBeginning, nextAttemptAtMs } from './retry.ts';

/** Progress is kept in memory and written down this often; a wish to cancel is seen then. */
const flushEveryMs = 1_000;

/** An operation at work. */
export type OperationRun = {
  readonly operation: SingleOperation;
  readonly services: Services;
  /** The storage unit, within the grants of the project, its requests counted for this operation. */
  readonly storage: StorageUnit;
  /** Aborted when the operation is cancelled, out of time, or the server stops. */
  readonly signal: AbortSignal;
  /** Waits until no other job has this name to itself; then this one has it until it ends. */
  readonly claim: (name: string) => Promise<void>;
  /** Notes counts; they are written down within a second. */
  report(progress: OperationProgress): void;
};

/** How the work on an operation ended. A fault makes it `failed`. */
export type OperationOutcome = {
  readonly message: string;
  readonly fault: Fault | null;
  readonly result: Json;
  /** Without a fault, the operation goes on until the imports that it has accepted have ended. */
  readonly awaitsImports?: boolean;
};

export type OperationWork = (run: OperationRun) => Promise<OperationOutcome>;

export type OperationWorker = {
  readonly services: Services;
  readonly leaseOwner: string;
  readonly works: { readonly [Kind in SingleKind]: OperationWork };
  readonly onFault: (operationId: string, error: unknown) => void;
};

/** The operation was cancelled by its owner's wish. */
class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/**
 * Works a single operation off to its end, or until it waits for another attempt, unless the server stops or the
 * catalogue fails, which throws: then the queue comes again.
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
    // A clock that was set back: it is not due yet.
    const retry = await catalogue.operations.retryOfOperation(operationId);
    if (retry !== null) queueWork(worker.services.work.queue, [retry]);
    return;
  }
  // What is refused for want of a grant is no request.
  const counted = countRequests(storage);
  const granted = limitToGrants(counted.unit, recentGrants(catalogue, operation.projectId, clock));
  const cancelling = new AbortController();
  using deadline = abortAfter(operation.deadlineAtMs - startedAtMs);
  const signal = AbortSignal.any([stopping, deadline.signal, cancelling.signal]);
  let progress = operation.progress;
  const flush = async () => {
    const { running, cancelRequested } = await catalogue.operations.saveProgress(
      operation.id,
      operation.epoch,
      progress,
      clock.nowMs(),
    );
    if (!running || cancelRequested) cancelling.abort(new Cancelled('the operation was cancelled'));
  };
  const timer = setInterval(() => {
    flush().catch((error: unknown) => worker.onFault(operation.id, error));
  }, flushEveryMs);
  let outcome: OperationOutcome;
  try {
    const report = (now: OperationProgress) => {
      progress = now;
    };
    const claim = (name: string) => claimUnless(name, signal);
    outcome = await worker.works[operation.kind]({
      operation,
      services: worker.services,
      storage: granted,
      signal,
      claim,
      report,
    });
  } catch (error) {
    // Stopping: the operation keeps its lease until the engine releases it, and goes on from here at the next start.
    if (stopping.aborted) return void (await flush());
    if (isCatalogueFault(error)) throw error;
    outcome = { message: '', fault: faultOf(error), result: null };
  } finally {
    clearInterval(timer);
  }
  const ends = await conclude(worker.services, operation, began, outcome, { progress, requests: counted.count() });
  await afterEnd(worker.services, ends);

  function faultOf(error: unknown): Fault {
    if (cancelling.signal.aborted) return { code: 'cancelled', detail: '' };
    if (deadline.signal.aborted) return { code: 'deadline_exceeded', detail: deadlineDetail };
    if (error instanceof StorageError) return { code: reasonOfStorageError[error.code], detail: error.message };
    worker.onFault(operationId, error);
    return { code: 'internal', detail: `see the server's log for operation ${operationId}` };
  }
}

/** Writes down what the work came to. Nothing has ended if somebody else has taken the operation up meanwhile. */
async function conclude(
  services: Services,
  operation: SingleOperation,
  began: AttemptBeginning,
  { message, fault, result, awaitsImports = false }: OperationOutcome,
  spent: { readonly progress: OperationProgress; readonly requests: RequestCount },
): Promise<Ends> {
  const {
    catalogue: { operations },
    world: { clock },
  } = services;
  const { id, epoch } = operation;
  const finished = { id, epoch, message, result, ...spent };
  if (awaitsImports && fault === null) {
    const ended = await operations.finishListing({ ...finished, listedAtMs: clock.nowMs() });
    return { ended: ended ?? [], due: [] };
  }
  const notBeforeMs = fault === null ? null : nextAttemptAtMs(services, operation, began, fault.code);
  if (fault !== null && notBeforeMs !== null) {
    const attempt = { operationId: id, epoch, failedAtMs: clock.nowMs(), ...spent };
    const ends = await operations.retryOperation({ ...attempt, notBeforeMs, fault });
    return ends ?? { ended: [], due: [] };
  }
  const ended = await operations.finishOperation({
    ...finished,
    status: fault === null ? 'success' : fault.code === 'deadline_exceeded' ? 'timeout' : 'failed',
    fault,
    endedAtMs: clock.nowMs(),
  });
  return { ended: ended ?? [], due: [] };
}
