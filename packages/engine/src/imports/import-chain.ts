import { counted } from '@backup-sync/contracts';
import { isLeaseLost } from '../catalogue/fence.ts';
import type { ChainKey, EndedOperation, ItemOperation } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import { cycleFault } from '../chain/proof/chain-verdict.ts';
import type { Location } from '../chain/proof/link.ts';
import { abortAfter, deadlineDetail } from '../deadline.ts';
import { afterEnd } from '../operations/after-end.ts';
import { type AttemptBeginning, nextAttemptAtMs } from '../operations/retry.ts';
import type { JobRun } from '../queue/port.ts';
import type { Services } from '../services.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import { acceptAncestors } from './accept-ancestors.ts';
import { ancestorIdsOf, ChainLook, type Seen } from './chain-look.ts';
import { decideSync } from './decide-sync.ts';
import { parentsFirst } from './parents-first.ts';
import type { RunAbsences } from './run-absences.ts';
import { watchCancels } from './watch-cancels.ts';

/**
 * The worker that imports chains: its services, its name as owner of leases, and where to report faults of this
 * program.
 */
export type ImportWorker = {
  readonly services: Services;
  readonly leaseOwner: string;
  readonly absences: RunAbsences;
  readonly onFault: (operationId: string, error: unknown) => void;
};

/** One job: a chain, its look, and the operations that were started. */
type ChainJob = {
  readonly worker: ImportWorker;
  readonly chain: ChainKey;
  readonly look: ChainLook;
  readonly started: ItemOperation[];
  readonly began: AttemptBeginning;
  /** The operations that have ended so far. */
  readonly ended: EndedOperation[];
};

/**
 * Runs the waiting imports of one chain: lists it once, proves each backup, and records the results, parents before
 * children. Every operation it starts ends here, or waits for the import of a missing parent or for another attempt.
 * Throws if the signal is aborted or the catalogue fails: the queue then tries again.
 */
export async function importChain(
  worker: ImportWorker,
  chain: ChainKey,
  run: Pick<JobRun, 'signal' | 'storage'>,
): Promise<void> {
  const {
    catalogue,
    work: { queue, storedTimes },
    world: { clock },
  } = worker.services;
  const startedAtMs = await storedTimes.nowMs();
  const began = { wallMs: startedAtMs, monotonicMs: clock.monotonicMs() };
  const operations = await catalogue.operations.startChain(chain, worker.leaseOwner, startedAtMs);
  if (operations.length > 0) await workOff(worker, chain, operations, began, run);
  // Queuing the chain for now has replaced the time of its next attempt in the queue.
  const retry = await catalogue.operations.retryOfChain(chain);
  if (retry !== null) queue.add(retry);
}

async function workOff(
  worker: ImportWorker,
  chain: ChainKey,
  operations: readonly ItemOperation[],
  began: AttemptBeginning,
  run: Pick<JobRun, 'signal' | 'storage'>,
): Promise<void> {
  const { catalogue } = worker.services;
  const startedAtMs = began.wallMs;
  const inTime = operations.filter(({ deadlineAtMs }) => deadlineAtMs > startedAtMs);
  using deadline = abortAfter(Math.min(...inTime.map(({ deadlineAtMs }) => deadlineAtMs)) - startedAtMs);
  using cancels = watchCancels(catalogue, chain, (error) => worker.onFault(chain.chainRoot, error));
  const look = new ChainLook(worker.services, {
    chain,
    imagePaths: operations.map((operation) => operation.item.image_path),
    planned: new Map(),
    absences: worker.absences.of(operations),
    readHashes: true,
    // Proofs are shared by the links of a chain, so an operation that wants recent ones gets them for all.
    proofsNotBeforeMs: Math.max(...operations.map(({ proofsNotBeforeMs }) => proofsNotBeforeMs ?? 0)),
    storage: run.storage,
    stopping: AbortSignal.any([run.signal, cancels.signal]),
    deadline: { signal: deadline.signal, detail: deadlineDetail },
    onFault: (item, error) => {
      const id = operations.find((operation) => operation.item === item)?.id ?? chain.chainRoot;
      worker.onFault(id, error);
      return `see the server's log for operation ${id}`;
    },
  });
  const job: ChainJob = { worker, chain, look, started: [...operations], began, ended: [] };
  try {
    await endEach(job, run, cancels.signal);
  } finally {
    // Called once for all operations: the next work may be chosen from all backups that they imported.
    await afterEnd(worker.services, job.ended);
  }
}

/** Ends each started operation, or makes it wait. */
async function endEach(job: ChainJob, run: Pick<JobRun, 'signal'>, cancels: AbortSignal): Promise<void> {
  const { worker, chain, look, began } = job;
  const left: ItemOperation[] = [];
  for (const operation of [...job.started]) {
    if (operation.cancelRequestedAtMs !== null) await finish(job, operation, cancelled);
    else if (operation.deadlineAtMs <= began.wallMs) await finish(job, operation, overdue);
    else left.push(operation);
  }
  try {
    for await (const { item: operation, seen } of inRecordingOrder(look, left)) {
      if (operation.withAncestors) await importWithAncestors(job, operation, seen).catch(unlessLost);
      else await finish(job, operation, look.withProofs(operation.item, seen));
    }
  } catch (error) {
    if (run.signal.aborted || !cancels.aborted) throw error;
    await endCancelled(job);
    // The next job of this chain starts the others again.
    const lane = left.some((operation) => operation.lane === 'interactive') ? 'interactive' : 'mass';
    worker.services.work.queue.add({ kind: 'chain', chain, lane, notBeforeMs: null });
  }
}

const noRequests: RequestCount = { lists: 0, gets: 0, bytesRead: 0 };
const cancelled: Seen = { kind: 'unseen', fault: { code: 'cancelled', detail: '' }, requests: noRequests };
const overdue: Seen = {
  kind: 'unseen',
  fault: { code: 'deadline_exceeded', detail: deadlineDetail },
  requests: noRequests,
};

/** Ends the operations that were cancelled while they ran. */
async function endCancelled(job: ChainJob): Promise<void> {
  const ids = new Set(await job.worker.services.catalogue.operations.cancelledImports(job.chain));
  for (const operation of job.started) {
    if (ids.has(operation.id)) await finish(job, operation, { ...cancelled, requests: job.look.takeRequests() });
  }
}

function inRecordingOrder(look: ChainLook, operations: readonly ItemOperation[]) {
  return parentsFirst<ItemOperation, Seen>(operations, {
    idOf: ({ item }) => item.backup_id,
    look: ({ item }) => look.look(item),
    ancestorIdsOf,
  });
}

/** Ignores that another worker has the operation: that worker ends it. Throws any other error. */
function unlessLost(error: unknown): void {
  if (!isLeaseLost(error)) throw error;
}

/**
 * Imports the ancestors that are not recorded yet, then records the backup itself. Throws `LeaseLostError` if another
 * worker has the operation.
 */
async function importWithAncestors(job: ChainJob, operation: ItemOperation, seen: Seen): Promise<void> {
  const { worker, chain, look } = job;
  const { id: operationId, epoch } = operation;
  const catalogue = worker.services.catalogue.fenced({ operationId, epoch });
  const { clock } = worker.services.world;
  let accepted = 0;
  // Requests for describing the ancestors count for the child.
  const outcome = await look.attempt(operation.item, async () => {
    const ancestors = seen.kind === 'seen' ? seen.examination.ancestors : [];
    // Ancestors that are stored elsewhere, or wait behind another operation, are imported by a separate job.
    accepted = await acceptAncestors({ ...worker.services, catalogue }, look, operation, ancestors);
    return seen.kind === 'seen' ? seen.examination : seen.fault;
  });
  if (accepted > 0) {
    // They were seen in this listing, so it can be used although it began before they were accepted.
    const own = await catalogue.operations.startChildren(chain, operationId, worker.leaseOwner, clock.nowMs());
    job.started.push(...own);
    for await (const each of inRecordingOrder(look, own)) {
      await finish(job, each.item, look.withProofs(each.item.item, each.seen));
    }
  }
  const addition = accepted === 0 ? '' : `; imports of ${counted(accepted, 'missing ancestor')} were accepted too`;
  const requests = sum(seen.requests, outcome.requests);
  await finish(job, operation, look.withProofs(operation.item, { ...outcome, requests }), addition);
}

/**
 * Ends an operation, or makes it wait for the import of a missing parent or for another attempt. If it cannot be
 * recorded, it ends with `internal`, so that it does not delay others.
 */
async function finish(job: ChainJob, operation: ItemOperation, seen: Seen, addition = ''): Promise<void> {
  const {
    work: { queue, storedTimes },
  } = job.worker.services;
  if (isOutOfTime(seen) && operation.deadlineAtMs > (await storedTimes.nowMs())) {
    // The deadline of another operation ended the look that they share. This one gets another look.
    queue.add({ kind: 'chain', chain: job.chain, lane: operation.lane, notBeforeMs: null });
    return;
  }
  try {
    await record(job, operation, seen, addition);
  } catch (error) {
    // The queue tries again: nothing is wrong with the backup.
    if (isCatalogueFault(error)) throw error;
    job.worker.onFault(operation.id, error);
    const detail = `see the server's log for operation ${operation.id}`;
    await record(job, operation, { kind: 'unseen', fault: { code: 'internal', detail }, requests: seen.requests }, '');
  }
}

function isOutOfTime(seen: Seen): boolean {
  return seen.kind === 'unseen' && seen.fault.code === 'deadline_exceeded';
}

/** Records the result. If the record has changed meanwhile, decides again. */
async function record(
  { worker, look, began, ended }: ChainJob,
  operation: ItemOperation,
  firstSeen: Seen,
  addition: string,
): Promise<void> {
  const {
    catalogue,
    world: { clock },
  } = worker.services;
  const { id: operationId, epoch, projectId, item, storageUnitId } = operation;
  const location: Location = { storageUnitId, bucketName: item.bucket_name, imagePath: item.image_path };
  const isRequest = operation.parentOperationId === null;
  let seen = firstSeen;
  while (true) {
    const current = await catalogue.backups.showBackup(projectId, item.backup_id);
    const subject = { item, projectId, location, current, isRequest, nowMs: clock.nowMs() };
    const decision = decideSync(subject, seen);
    const { fault } = decision;
    // A result about the backup is recorded. A look without one may be retried.
    const saysNothing = fault !== null && decision.record === null;
    const notBeforeMs = saysNothing ? nextAttemptAtMs(worker.services, operation, began, fault.code) : null;
    if (saysNothing && notBeforeMs !== null) {
      const attempt = { operationId, epoch, failedAtMs: clock.nowMs(), requests: seen.requests };
      const retried = await catalogue.operations.retryOperation({ ...attempt, notBeforeMs, fault });
      ended.push(...(retried?.ended ?? []));
      return;
    }
    const finished = await catalogue.operations.finishImport({
      ...decision,
      message: decision.message + addition,
      operationId,
      epoch,
      endedAtMs: clock.nowMs(),
      requests: seen.requests,
      decidedOnRevision: current?.revision ?? null,
      missingParent: look.missingParentOf(seen),
    });
    if (finished.result === 'cycle') seen = asCycle(seen, finished.way);
    if (finished.result === 'cycle' || finished.result === 'stale_record') continue;
    // `stale_epoch`: another worker has started the operation and will end it.
    ended.push(...finished.ended);
    return;
  }
}

/** Turns a backup that waits for itself into a cycle: backups that wait for each other build on each other. */
function asCycle(seen: Seen, way: readonly string[]): Seen {
  if (seen.kind === 'unseen') return seen;
  const examination = { ...seen.examination, level: null, fault: cycleFault(way), missingParentId: null };
  return { ...seen, examination };
}

function sum(one: RequestCount, other: RequestCount): RequestCount {
  return {
    lists: one.lists + other.lists,
    gets: one.gets + other.gets,
    bytesRead: one.bytesRead + other.bytesRead,
  };
}
