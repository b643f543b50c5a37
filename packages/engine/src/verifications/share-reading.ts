import type { VerificationPart } from '../catalogue/part-records.ts';
import { openReadingThreads, type ReadingThreads } from '../chain/threads/storage-threads.ts';
import type { OperationRun } from '../operations/run-operation.ts';
import { systemSleep } from '../storage/bucket-budget.ts';
import type { LinksRead, ReadLinks } from './read-links.ts';
import { type PartReader, readParts } from './read-parts.ts';
import { openRememberedObjects } from './remembered-objects.ts';

/** Interval at which parts that others read are checked, in milliseconds. */
const lookEveryMs = 1_000;
/** A holder saves each second. After this time without a save, its part is read by another, milliseconds. */
const silentMaxMs = 30_000;
/** Time after which help is asked for again, milliseconds. A helper may have ended early, as when its storage failed. */
const askAgainAfterMs = 60_000;

/** How a verification is read. */
export type Sharing = {
  readonly threads: ReadingThreads;
  /** Number of other workers that may help. */
  readonly otherWorkers: () => number;
};

const noRequests = { lists: 0, gets: 0, bytesRead: 0 };

/**
 * Reads the open parts of a chain together with the workers that help, and returns the result once all links are
 * judged. The links are judged here only, so that they are recorded in order. `signal` ends the reading; parts that are
 * read stay read. Throws the errors of `proveContent`, and catalogue errors.
 */
export async function shareReading(
  run: OperationRun,
  links: ReadLinks,
  { threads, otherWorkers }: Sharing,
  signal: AbortSignal,
): Promise<LinksRead> {
  const {
    operation: { id: operationId },
    leaseOwner,
    services: {
      catalogue,
      world: { clock },
    },
  } = run;
  const holders = new Holders(run);
  await using ownThreads = openReadingThreads(threads, run.storage);
  const reader: PartReader = {
    catalogue,
    leaseOwner,
    storage: run.storage,
    threads: ownThreads,
    provedObjects: openRememberedObjects(run),
    signal,
    // The operation counts the requests of its worker by itself.
    takeRequests: () => noRequests,
    onProgress(part, progress) {
      links.progress.note(part, progress);
      run.report(links.progress.counts);
    },
  };
  let helpers = 0;
  let asksAgainAtMs = Number.NEGATIVE_INFINITY;
  let next: VerificationPart | null = null;
  while (true) {
    const { read, parts } = await links.judge();
    run.report(links.progress.counts);
    if (read !== null) return read;
    if (clock.monotonicMs() >= asksAgainAtMs) {
      helpers = 0;
      asksAgainAtMs = clock.monotonicMs() + askAgainAfterMs;
    }
    helpers = await askForHelp(run, parts, { from: helpers, to: otherWorkers() });
    const part: VerificationPart | null =
      next ?? (await catalogue.parts.claimPart({ operationId, leaseOwner, at: null }));
    next = part === null ? null : await readParts(reader, links.linkOf(part), part);
    if (part !== null) continue;
    await holders.takeSilentPartsBack(parts);
    await systemSleep(lookEveryMs, signal);
  }
}

/**
 * Queues help for the parts that this worker will not read first, again when there are more workers than `from`.
 * Returns the number of helpers so far.
 */
async function askForHelp(
  { operation, services }: OperationRun,
  parts: readonly VerificationPart[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  const { id, kind, projectId, storageUnitId, bucketName, lane } = operation;
  const open = parts.filter(({ state }) => state === 'open');
  const helpers = Math.max(from, Math.min(to, open.length - 1));
  for (let helper = from + 1; helper <= helpers; helper += 1) {
    const key = { id, kind, projectId, storageUnitId, bucketName };
    await services.work.queue.add({ kind: 'part', operation: key, helper, lane, notBeforeMs: null });
  }
  return helpers;
}

/** How often a part was saved, and when that was noticed, in monotonic milliseconds. */
type Saved = { readonly saves: number; readonly atMs: number };

/** Watches the workers that hold parts. They may die without a word. */
class Holders {
  readonly #run: OperationRun;
  /** By the key and epoch of each part. */
  #saved: ReadonlyMap<string, Saved> = new Map();

  constructor(run: OperationRun) {
    this.#run = run;
  }

  async takeSilentPartsBack(parts: readonly VerificationPart[]): Promise<void> {
    const { catalogue, world } = this.#run.services;
    const nowMs = world.clock.monotonicMs();
    const saved = new Map<string, Saved>();
    for (const part of parts) {
      if (part.state !== 'held') continue;
      const key = JSON.stringify([part.backupId, part.firstObject, part.epoch]);
      const before = this.#saved.get(key);
      const isSilent = before !== undefined && before.saves === part.saves;
      saved.set(key, isSilent ? before : { saves: part.saves, atMs: nowMs });
      if (isSilent && nowMs - before.atMs >= silentMaxMs) await catalogue.parts.takePartBack(part);
    }
    this.#saved = saved;
  }
}
