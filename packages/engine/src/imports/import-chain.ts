import { counted } from '@backup-sync/contracts';
import { isLeaseLost } from '../catalogue/fence.ts';
import type { ChainKey, ItemOperation } from '../catalogue/operation-records.ts';
import { abortAfter, deadlineDetail } from '../deadline.ts';
import { afterEnd } from '../operations/after-end.ts';
import type { AttemptBeginning } from '../operations/retry.ts';
import type { JobRun } from '../queue/port.ts';
import type { Services } from '../services.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import { acceptAncestors } from './accept-ancestors.ts';
import { ancestorIdsOf, ChainLook, type Seen } from './chain-look.ts';
import { parentsFirst } from './parents-first.ts';
import { ResultRecorder } from './result-recorder.ts';
import type { RunMemories } from './run-memories.ts';
import { watchCancels } from './watch-cancels.ts';

/**
 * The worker that imports chains: its services, its name as owner of leases, and where to report faults of this
 * program.
 */
export type ImportWorker = {
  readonly services: Services;
  readonly leaseOwner: string;
  readonly memories: RunMemories;
  readonly onFault: (operationId: string, error: unknown) => void;
};

/** One job: a chain, its look, and the operations that were started. */
type ChainJob = {
  readonly worker: ImportWorker;
  readonly chain: ChainKey;
  readonly look: ChainLook;
  readonly started: ItemOperation[];
  readonly began: AttemptBeginning;
  readonly results: ResultRecorder;
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
  if (retry !== null) await queue.add(retry);
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
  const memory = worker.memories.of(operations);
  const acceptedAtMs = Math.max(...operations.map(({ createdAtMs }) => createdAtMs));
  const look = new ChainLook(worker.services, {
    chain,
    imagePaths: operations.map((operation) => operation.item.image_path),
    backupIds: operations.map((operation) => operation.item.backup_id),
    planned: new Map(),
    absences: memory.absences,
    // What was found before an import was accepted may be too old for it.
    packages: { memory: memory.packages, notBeforeMs: () => acceptedAtMs },
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
  const { services, onFault } = worker;
  const results = new ResultRecorder({ services, look, began, onFault });
  const job: ChainJob = { worker, chain, look, started: [...operations], began, results };
  try {
    await endEach(job, run, cancels.signal);
  } finally {
    // Called once for all operations: the next work may be chosen from all backups that they imported.
    await afterEnd(services, results.ended);
  }
}

/** Ends each started operation, or makes it wait. */
async function endEach(job: ChainJob, run: Pick<JobRun, 'signal'>, cancels: AbortSignal): Promise<void> {
  const { worker, chain, look, began, results } = job;
  const left: ItemOperation[] = [];
  for (const operation of [...job.started]) {
    if (operation.cancelRequestedAtMs !== null) results.add(operation, cancelled);
    else if (operation.deadlineAtMs <= began.wallMs) results.add(operation, overdue);
    else left.push(operation);
  }
  try {
    for await (const { item: operation, seen } of inRecordingOrder(look, left)) {
      if (operation.withAncestors) await importWithAncestors(job, operation, seen).catch(unlessLost);
      else results.add(operation, look.withProofs(operation.item, seen));
    }
    await results.flush();
  } catch (error) {
    // What was seen before the work was stopped is recorded.
    await results.flush();
    if (run.signal.aborted || !cancels.aborted) throw error;
    await endCancelled(job);
    // The next job of this chain starts the others again.
    const lane = left.some((operation) => operation.lane === 'interactive') ? 'interactive' : 'mass';
    await worker.services.work.queue.add({ kind: 'chain', chain, lane, notBeforeMs: null });
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
    if (ids.has(operation.id)) job.results.add(operation, { ...cancelled, requests: job.look.takeRequests() });
  }
  await job.results.flush();
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
  const { worker, chain, look, results } = job;
  const { id: operationId, epoch } = operation;
  const catalogue = worker.services.catalogue.fenced({ operationId, epoch });
  const { clock } = worker.services.world;
  // What was seen before is recorded before, so that ancestors among it are known.
  await results.flush();
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
      results.add(each.item, look.withProofs(each.item.item, each.seen));
    }
  }
  const addition = accepted === 0 ? '' : `; imports of ${counted(accepted, 'missing ancestor')} were accepted too`;
  const requests = sum(seen.requests, outcome.requests);
  results.add(operation, look.withProofs(operation.item, { ...outcome, requests }), addition);
  await results.flush();
}

function sum(one: RequestCount, other: RequestCount): RequestCount {
  return {
    lists: one.lists + other.lists,
    gets: one.gets + other.gets,
    bytesRead: one.bytesRead + other.bytesRead,
  };
}
