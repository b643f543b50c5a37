import type { BackupSync, ReasonCode } from '@backup-sync/contracts';
import type { ChainKey, OperationRecord, RequestCount } from '../../catalogue/port.ts';
import { type ChainExaminer, openChain } from '../../chain/examiner.ts';
import type { Fault, Location } from '../../chain/link.ts';
import type { Services } from '../../services.ts';
import { countRequests } from '../../storage/counted-storage-unit.ts';
import { StorageError } from '../../storage/port.ts';
import { reasonOfStorageError } from '../storage-reason.ts';
import { decideSync, type Seen } from './decide-sync.ts';

/** An operation that has not ended by then ends as `timeout`. */
const deadlineAfterMs = 24 * 60 * 60 * 1000;

/** What the work behind a sync needs beyond the services: who it is, and whom to tell of faults of this program. */
export type ImportWorker = {
  readonly services: Services;
  readonly leaseOwner: string;
  readonly onFault: (operationId: string, error: unknown) => void;
};

/**
 * Works off what waits for one chain: lists it once, proves each backup, records what was found. Every operation that
 * it takes up reaches its end here, unless the signal is aborted or the catalogue fails, which throws: then the queue
 * comes again.
 */
export async function importChain(worker: ImportWorker, chain: ChainKey, signal: AbortSignal): Promise<void> {
  const { catalogue, clock, storage } = worker.services;
  const operations = await catalogue.startChain(chain, worker.leaseOwner, clock.nowMs());
  const [first] = operations;
  if (first === undefined) return;

  const counted = countRequests(storage);
  const deadline = AbortSignal.timeout(Math.max(0, first.createdAtMs + deadlineAfterMs - clock.nowMs()));
  const jobSignal = AbortSignal.any([signal, deadline]);
  // Proofs are shared by the links of a chain: who wants recent ones gets them for all.
  const notBeforeMs = Math.max(...operations.map(({ proofsNotBeforeMs }) => proofsNotBeforeMs ?? 0));
  const context = {
    storage: counted.unit,
    bucketName: chain.bucketName,
    imagePaths: operations.map((operation) => operation.item.image_path),
    findProofs: async (backupIds: readonly string[]) => {
      const proofs = await catalogue.findProofs(chain.projectId, backupIds);
      return proofs.filter((proof) => proof.verifiedAtMs >= notBeforeMs);
    },
    locate: async (backupId: string): Promise<Location | null> =>
      (await catalogue.showBackup(chain.projectId, backupId))?.location ?? null,
    nowMs: () => clock.nowMs(),
    signal: jobSignal,
  };
  let examiner: Promise<ChainExaminer> | undefined;
  let spent: RequestCount = { lists: 0, gets: 0, bytesRead: 0 };
  for (const operation of operations) {
    const seen = await look(operation, async () => {
      jobSignal.throwIfAborted();
      examiner ??= openChain(context);
      return (await examiner).examine(operation.item);
    });
    // Stopping: the operation keeps its lease until the engine releases it.
    if (signal.aborted) return;
    const total = counted.count();
    await finish(worker, operation, seen, difference(total, spent));
    spent = total;
  }

  async function look(operation: OperationRecord, examine: () => ReturnType<ChainExaminer['examine']>): Promise<Seen> {
    try {
      const examination = await examine();
      return examination === null ? unseen('path_not_found', placeOf(operation.item)) : { kind: 'seen', examination };
    } catch (error) {
      if (deadline.aborted) return unseen('deadline_exceeded', 'more than 24 hours passed since it was accepted');
      if (error instanceof StorageError) return unseen(reasonOfStorageError[error.code], error.message);
      if (!signal.aborted) worker.onFault(operation.id, error);
      return unseen('internal', `see the server's log for operation ${operation.id}`);
    }
  }
}

/** Records what was found; decides anew where the record changed meanwhile. */
async function finish(
  worker: ImportWorker,
  operation: OperationRecord,
  seen: Seen,
  requests: RequestCount,
): Promise<void> {
  const { catalogue, clock, queue } = worker.services;
  const { projectId, item, storageUnitId } = operation;
  const location: Location = { storageUnitId, bucketName: item.bucket_name, imagePath: item.image_path };
  while (true) {
    const current = await catalogue.showBackup(projectId, item.backup_id);
    const decision = decideSync(item, projectId, location, current, seen);
    const { result, chains } = await catalogue.finishImport({
      ...decision,
      operationId: operation.id,
      epoch: operation.epoch,
      endedAtMs: clock.nowMs(),
      requests,
      decidedOnRevision: current?.revision ?? null,
    });
    if (result === 'stale_record') continue;
    // `stale_epoch`: someone else has taken the operation up and will end it.
    for (const chain of chains) queue.add({ kind: 'chain', chain });
    return;
  }
}

function unseen(code: ReasonCode, detail: string): Seen {
  const fault: Fault = { code, detail };
  return { kind: 'unseen', fault };
}

function placeOf(item: BackupSync): string {
  return `${item.bucket_name}/${item.image_path}`;
}

function difference(total: RequestCount, before: RequestCount): RequestCount {
  return {
    lists: total.lists - before.lists,
    gets: total.gets - before.gets,
    bytesRead: total.bytesRead - before.bytesRead,
  };
}
