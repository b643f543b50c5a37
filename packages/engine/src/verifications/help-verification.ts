import { itemOfRecord } from '../catalogue/item-of-record.ts';
import { hasItem, type OperationKey, type SingleOperation } from '../catalogue/operation-records.ts';
import type { VerificationPart } from '../catalogue/part-records.ts';
import type { ChainData } from '../chain/data.ts';
import type { EdgeProof } from '../chain/proof/link.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';
import { openReadingThreads, type ReadingThreads } from '../chain/threads/storage-threads.ts';
import { abortAfter, jobLivesMs } from '../deadline.ts';
import { recentGrants } from '../identity/recent-grants.ts';
import type { JobRun } from '../queue/port.ts';
import type { Services } from '../services.ts';
import { countRequests, type RequestCount } from '../storage/counted-storage-unit.ts';
import { limitToGrants } from '../storage/granted-storage-unit.ts';
import { StorageError } from '../storage/port.ts';
import { listInRanges } from '../storage/ranges/list-in-ranges.ts';
import { edgesOf } from './edges.ts';
import type { ChainReading } from './open-examiner.ts';
import { openForData } from './open-for-data.ts';
import { readParts } from './read-parts.ts';
import { openRememberedObjects } from './remembered-objects.ts';

/** A worker that helps with verifications. */
export type Helper = {
  readonly services: Services;
  readonly leaseOwner: string;
  readonly threads: ReadingThreads;
};

/**
 * Reads open parts of a verification that runs elsewhere, until none is left. It judges nothing: the worker of the
 * verification does. If this worker sees another listing, or storage fails, it gives its part back and ends. The worker
 * of the verification then reads the part, and meets the same trouble or none. Throws catalogue errors.
 */
export async function helpVerification(
  { services, leaseOwner, threads }: Helper,
  { id, projectId }: OperationKey,
  job: JobRun,
): Promise<void> {
  const operation = await findWork(services, projectId, id);
  if (operation === null || operation.leaseOwner === leaseOwner) return;
  const counted = countRequests(job.storage);
  const granted = limitToGrants(counted.unit, recentGrants(services.catalogue, projectId, services.world.clock));
  using life = abortAfter(jobLivesMs);
  const signal = AbortSignal.any([job.signal, life.signal]);
  const storage = listInRanges(granted, signal);
  await using ownThreads = openReadingThreads(threads, storage);
  try {
    const opened = await openChainOf({ operation, services, storage, signal });
    if (opened === null) return;
    const takeRequests = differences(counted.count);
    const reader = {
      catalogue: services.catalogue,
      leaseOwner,
      storage,
      threads: ownThreads,
      provedObjects: openRememberedObjects({ services, operation }),
      signal,
      takeRequests,
      onProgress() {},
    };
    let next: VerificationPart | null = null;
    while (true) {
      const part = next ?? (await services.catalogue.parts.claimPart({ operationId: id, leaseOwner, at: null }));
      if (part === null) return;
      const link = opened.data.links.find(({ backupId }) => backupId === part.backupId);
      if (link === undefined || opened.edges.get(part.backupId)?.listing.digest !== part.listingDigest) {
        const work = { progress: part.progress, requests: takeRequests() };
        return await services.catalogue.parts.givePartBack(part, work);
      }
      next = await readParts(reader, link, part);
    }
  } catch (error) {
    const isOver = signal.aborted && error === signal.reason;
    if (!isOver && !(error instanceof StorageError) && !(error instanceof ReadFault)) throw error;
  }
}

/** The verification, if it runs and has open parts. */
async function findWork(
  { catalogue }: Services,
  projectId: string,
  operationId: string,
): Promise<SingleOperation | null> {
  const operation = await catalogue.operations.showOperation(projectId, operationId);
  if (operation === null || hasItem(operation) || operation.status !== 'running') return null;
  const parts = await catalogue.parts.listParts(operationId, { from: 0, count: null });
  return parts.some(({ state }) => state === 'open') ? operation : null;
}

/** Opens the chain as the worker of the verification did. Null if there is nothing to read. */
async function openChainOf(
  reading: ChainReading,
): Promise<{ readonly data: ChainData; readonly edges: ReadonlyMap<string, EdgeProof> } | null> {
  const { services, operation } = reading;
  const record = await services.catalogue.backups.showBackup(operation.projectId, operation.backupId ?? '');
  if (record === null) return null;
  const item = itemOfRecord(record);
  const examiner = await openForData(reading, record, new Map(), { reusesProofs: true });
  const examination = await examiner.examine(item);
  if (examination === null || examination.fault !== null) return null;
  const data = await examiner.openData(item);
  return data === null ? null : { data, edges: await edgesOf(reading, examination, data) };
}

/** Returns a function that returns what was counted since its last call. */
function differences(count: () => RequestCount): () => RequestCount {
  let before: RequestCount = { lists: 0, gets: 0, bytesRead: 0 };
  return () => {
    const now = count();
    const since = {
      lists: now.lists - before.lists,
      gets: now.gets - before.gets,
      bytesRead: now.bytesRead - before.bytesRead,
    };
    before = now;
    return since;
  };
}
