import type { ChainKey, EndedOperation, ItemOperation } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import { cycleFault } from '../chain/proof/chain-verdict.ts';
import type { Location } from '../chain/proof/link.ts';
import { abortAfter, deadlineDetail } from '../deadline.ts';
import { afterEnd } from '../operations/after-end.ts';
import { queueWork } from '../operations/queue-work.ts';
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

/** What the work behind a sync needs beyond the services: who it is, and whom to tell of faults of this program. */
export type ImportWorker = {
  readonly services: Services;
  readonly leaseOwner: string;
  readonly absences: RunAbsences;
  readonly onFault: (operationId: string, error: unknown) => void;
};

/** One job: a chain, its look, and the operations that were taken up. */
type ChainJob = {
  readonly worker: ImportWorker;
  readonly chain: ChainKey;
  readonly look: ChainLook;
  readonly started: ItemOperation[];
  readonly began: AttemptBeginning;
  /** What has ended so far. */
  readonly ended: EndedOperation[];
};

/**
 * Works off what waits for one chain: lists it once, proves each backup, records what was found, parents before
 * children. Every operation that it takes up reaches its end here, or waits for the import of a missing parent or for
 * another attempt. If the signal is aborted or the catalogue fails, this throws: then the queue comes again.
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
  // Whatever the chain was queued for now has taken the place of the time at which it is tried again.
  const retry = await catalogue.operations.retryOfChain(chain);
  if (retry !== null) queueWork(queue, [retry]);
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
    // Proofs are shared by the links of a chain: who wants recent ones gets them for all.
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
    // Once for all of them: what follows may be chosen among what they brought in.
    await afterEnd(worker.services, { ended: job.ended, due: [] });
  }
}

/** Ends each operation that was taken up, or makes it wait. */
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
      if (operation.withAncestors) await importWithAncestors(job, operation, seen);
      else await finish(job, operation, look.withProofs(operation.item, seen));
    }
  } catch (error) {
    if (run.signal.aborted || !cancels.aborted) throw error;
    await endCancelled(job);
    // The others are taken up again by the job that comes after this one.
    const lane = left.some((operation) => operation.lane === 'interactive') ? 'interactive' : 'mass';
    queueWork(worker.services.work.queue, [{ kind: 'chain', chain, lane, notBeforeMs: null }]);
  }
}

const noRequests: RequestCount = { lists: 0, gets: 0, bytesRead: 0 };
const cancelled: Seen = { kind: 'unseen', fault: { code: 'cancelled', detail: '' }, requests: noRequests };
const overdue: Seen = {
  kind: 'unseen',
  fault: { code: 'deadline_exceeded', detail: deadlineDetail },
  requests: noRequests,
};

/** Ends what was cancelled while it ran. */
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

/** Records the ancestors that are not recorded yet, then the backup itself. */
async function importWithAncestors(job: ChainJob, operation: ItemOperation, seen: Seen): Promise<void> {
  const { worker, chain, look } = job;
  const {
    catalogue,
    world: { clock },
  } = worker.services;
  let accepted = 0;
  // What describing the ancestors takes is the child's.
  const outcome = await look.attempt(operation.item, async () => {
    const ancestors = seen.kind === 'seen' ? seen.examination.ancestors : [];
    // Those that lie elsewhere, or wait behind another operation, are worked on in a job of their own.
    accepted = await acceptAncestors(worker.services, look, operation, ancestors);
    return seen.kind === 'seen' ? seen.examination : seen.fault;
  });
  if (accepted > 0) {
    // They were seen in this very listing, so it serves them though it began before they were accepted.
    const own = await catalogue.operations.startChildren(chain, operation.id, worker.leaseOwner, clock.nowMs());
    job.started.push(...own);
    for await (const each of inRecordingOrder(look, own)) {
      await finish(job, each.item, look.withProofs(each.item.item, each.seen));
    }
  }
  const addition = accepted === 0 ? '' : `; ancestors that were not recorded and are imported as well: ${accepted}`;
  const requests = sum(seen.requests, outcome.requests);
  await finish(job, operation, look.withProofs(operation.item, { ...outcome, requests }), addition);
}

/**
 * Ends an operation, or makes it wait for the import of a parent that was not found or for another attempt. One that
 * cannot be recorded ends as a fault of this program, so that it holds up no other.
 */
async function finish(job: ChainJob, operation: ItemOperation, seen: Seen, addition = ''): Promise<void> {
  const {
    work: { queue, storedTimes },
  } = job.worker.services;
  if (isOutOfTime(seen) && operation.deadlineAtMs > (await storedTimes.nowMs())) {
    // Another operation's time is up, and ended the look that they share. This one gets a look of its own.
    queueWork(queue, [{ kind: 'chain', chain: job.chain, lane: operation.lane, notBeforeMs: null }]);
    return;
  }
  try {
    await record(job, operation, seen, addition);
  } catch (error) {
    // The queue comes again: nothing is wrong with the backup.
    if (isCatalogueFault(error)) throw error;
    job.worker.onFault(operation.id, error);
    const detail = `see the server's log for operation ${operation.id}`;
    await record(job, operation, { kind: 'unseen', fault: { code: 'internal', detail }, requests: seen.requests }, '');
  }
}

function isOutOfTime(seen: Seen): boolean {
  return seen.kind === 'unseen' && seen.fault.code === 'deadline_exceeded';
}

/** Records what was found; decides anew where the record changed meanwhile. */
async function record(
  { worker, look, began, ended }: ChainJob,
  operation: ItemOperation,
  firstSeen: Seen,
  addition: string,
): Promise<void> {
  const {
    catalogue,
    work: { queue },
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
    // What says something of the backup is recorded; a look that says nothing may be made again.
    const saysNothing = fault !== null && decision.record === null;
    const notBeforeMs = saysNothing ? nextAttemptAtMs(worker.services, operation, began, fault.code) : null;
    if (saysNothing && notBeforeMs !== null) {
      const attempt = { operationId, epoch, failedAtMs: clock.nowMs(), requests: seen.requests };
      const retried = await catalogue.operations.retryOperation({ ...attempt, notBeforeMs, fault });
      ended.push(...(retried?.ended ?? []));
      queueWork(queue, retried?.due ?? []);
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
    // `stale_epoch`: someone else has taken the operation up and will end it.
    ended.push(...finished.ended);
    queueWork(queue, finished.due);
    return;
  }
}

/** Backups that wait for each other build on each other. */
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
