import type { ChainKey, OperationRecord, RequestCount } from '../../catalogue/port.ts';
import { cycleFault } from '../../chain/cinder/chain-verdict.ts';
import type { Location } from '../../chain/link.ts';
import { abortAfter, deadlineDetail } from '../../deadline.ts';
import type { JobRun } from '../../queue/port.ts';
import type { Services } from '../../services.ts';
import { startVerifications } from '../../sources/start-verifications.ts';
import { acceptAncestors } from './accept-ancestors.ts';
import { ancestorIdsOf, ChainLook, type Look, unseen } from './chain-look.ts';
import { decideSync, type Seen } from './decide-sync.ts';
import { parentsFirst } from './parents-first.ts';
import type { RunAbsences } from './run-absences.ts';

/** What the work behind a sync needs beyond the services: who it is, and whom to tell of faults of this program. */
export type ImportWorker = {
  readonly services: Services;
  readonly leaseOwner: string;
  readonly absences: RunAbsences;
  readonly onFault: (operationId: string, error: unknown) => void;
};

/**
 * Works off what waits for one chain: lists it once, proves each backup, records what was found, parents before
 * children. Every operation that it takes up reaches its end here, or waits for the import of a missing parent. If the
 * signal is aborted or the catalogue fails, this throws: then the queue comes again.
 */
export async function importChain(worker: ImportWorker, chain: ChainKey, run: JobRun): Promise<void> {
  const { catalogue, storedTimes } = worker.services;
  const startedAtMs = await storedTimes.nowMs();
  const operations = await catalogue.startChain(chain, worker.leaseOwner, startedAtMs);
  if (operations.length === 0) return;

  const inTime = operations.filter(({ deadlineAtMs }) => deadlineAtMs > startedAtMs);
  using deadline = abortAfter(Math.min(...inTime.map(({ deadlineAtMs }) => deadlineAtMs)) - startedAtMs);
  const look = new ChainLook(worker.services, {
    chain,
    imagePaths: operations.map((operation) => operation.item.image_path),
    planned: new Map(),
    absences: worker.absences.of(operations),
    readHashes: true,
    // Proofs are shared by the links of a chain: who wants recent ones gets them for all.
    proofsNotBeforeMs: Math.max(...operations.map(({ proofsNotBeforeMs }) => proofsNotBeforeMs ?? 0)),
    storage: run.storage,
    stopping: run.signal,
    deadline: { signal: deadline.signal, detail: deadlineDetail },
    onFault: (item, error) => {
      const id = operations.find((operation) => operation.item === item)?.id ?? chain.chainRoot;
      worker.onFault(id, error);
      return `see the server's log for operation ${id}`;
    },
  });
  for (const overdue of operations.filter(({ deadlineAtMs }) => deadlineAtMs <= startedAtMs)) {
    await finish(worker, look, overdue, unseen('deadline_exceeded', deadlineDetail), noRequests);
  }
  for await (const { item: operation, seen } of inRecordingOrder(look, inTime)) {
    if (operation.withAncestors) await importWithAncestors(worker, chain, look, operation, seen);
    else await finish(worker, look, operation, look.withProofs(operation.item, seen.seen), seen.requests);
  }
  const parents = new Set(operations.map(({ parentOperationId }) => parentOperationId));
  for (const parent of parents) if (parent !== null) await startVerifications(worker.services, parent);
}

const noRequests: RequestCount = { lists: 0, gets: 0, bytesRead: 0 };

function inRecordingOrder(look: ChainLook, operations: readonly OperationRecord[]) {
  return parentsFirst<OperationRecord, Look>(operations, {
    idOf: ({ item }) => item.backup_id,
    look: ({ item }) => look.look(item),
    ancestorIdsOf,
  });
}

/** Records the ancestors that are not recorded yet, then the backup itself. */
async function importWithAncestors(
  worker: ImportWorker,
  chain: ChainKey,
  look: ChainLook,
  operation: OperationRecord,
  { seen, requests }: Look,
): Promise<void> {
  const { catalogue, clock, queue } = worker.services;
  let accepted = 0;
  const outcome = await look.attempt(operation.item, async () => {
    const ancestors = seen.kind === 'seen' ? seen.examination.ancestors : [];
    const imports = await acceptAncestors(worker.services, look, operation, ancestors);
    accepted = imports.length;
    // Those that lie elsewhere, or wait behind another operation, are worked on in a job of their own.
    for (const each of imports) queue.add({ kind: 'chain', chain: each.chain, lane: 'mass', notBeforeMs: null });
    return seen;
  });
  // What describing them took is the child's.
  const described = look.takeRequests();
  if (accepted > 0) {
    // They were seen in this very listing, so it serves them though it began before they were accepted.
    const own = await catalogue.startChildren(chain, operation.id, worker.leaseOwner, clock.nowMs());
    for await (const each of inRecordingOrder(look, own)) {
      await finish(worker, look, each.item, look.withProofs(each.item.item, each.seen.seen), each.seen.requests);
    }
  }
  const addition = accepted === 0 ? '' : `; ancestors that were not recorded and are imported as well: ${accepted}`;
  await finish(worker, look, operation, look.withProofs(operation.item, outcome), sum(requests, described), addition);
}

/**
 * Ends an operation, or makes it wait for the import of a parent that was not found. One that cannot be recorded ends as a fault of
 * this program, so that it holds up no other.
 */
async function finish(
  worker: ImportWorker,
  look: ChainLook,
  operation: OperationRecord,
  seen: Seen,
  requests: RequestCount,
  addition = '',
): Promise<void> {
  const { queue, storedTimes } = worker.services;
  if (isOutOfTime(seen) && operation.deadlineAtMs > (await storedTimes.nowMs())) {
    // Another operation's time is up, and ended the look that they share. This one gets a look of its own.
    queue.add({ kind: 'chain', chain: look.chain, lane: 'mass', notBeforeMs: null });
    return;
  }
  try {
    await record(worker, look, operation, seen, requests, addition);
  } catch (error) {
    worker.onFault(operation.id, error);
    // Where the catalogue itself fails this fails as well, and the queue comes again.
    await record(worker, look, operation, internalFault(operation), requests, '');
  }
}

function isOutOfTime(seen: Seen): boolean {
  return seen.kind === 'unseen' && seen.fault.code === 'deadline_exceeded';
}

/** Records what was found; decides anew where the record changed meanwhile. */
async function record(
  worker: ImportWorker,
  look: ChainLook,
  operation: OperationRecord,
  firstSeen: Seen,
  requests: RequestCount,
  addition: string,
): Promise<void> {
  const { catalogue, clock, queue } = worker.services;
  const { projectId, item, storageUnitId } = operation;
  const location: Location = { storageUnitId, bucketName: item.bucket_name, imagePath: item.image_path };
  let seen = firstSeen;
  while (true) {
    const current = await catalogue.showBackup(projectId, item.backup_id);
    const decision = decideSync(item, projectId, location, current, seen, clock.nowMs());
    const finished = await catalogue.finishImport({
      ...decision,
      message: decision.message + addition,
      operationId: operation.id,
      epoch: operation.epoch,
      endedAtMs: clock.nowMs(),
      requests,
      decidedOnRevision: current?.revision ?? null,
      missingParent: look.missingParentOf(seen),
    });
    if (finished.result === 'cycle') seen = asCycle(seen, finished.way);
    if (finished.result === 'cycle' || finished.result === 'stale_record') continue;
    // `stale_epoch`: someone else has taken the operation up and will end it.
    for (const chain of finished.chains) queue.add({ kind: 'chain', chain, lane: 'mass', notBeforeMs: null });
    return;
  }
}

/** Backups that wait for each other build on each other. */
function asCycle(seen: Seen, way: readonly string[]): Seen {
  if (seen.kind === 'unseen') return seen;
  const examination = { ...seen.examination, level: null, fault: cycleFault(way), missingParentId: null };
  return { kind: 'seen', examination };
}

function internalFault(operation: OperationRecord): Seen {
  return unseen('internal', `see the server's log for operation ${operation.id}`);
}

function sum(one: RequestCount, other: RequestCount): RequestCount {
  return {
    lists: one.lists + other.lists,
    gets: one.gets + other.gets,
    bytesRead: one.bytesRead + other.bytesRead,
  };
}
