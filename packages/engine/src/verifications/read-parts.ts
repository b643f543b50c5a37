import type { Catalogue } from '../catalogue/catalogue.ts';
import type { PartProgress, VerificationPart } from '../catalogue/part-records.ts';
import { proveRanges } from '../chain/content/prove-ranges.ts';
import type { OpenProvedObjects } from '../chain/content/proved-objects.ts';
import type { LinkData } from '../chain/data.ts';
import type { StorageThreads } from '../chain/threads/storage-threads.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import type { StorageUnit } from '../storage/port.ts';

/** Interval at which the progress of parts is saved, in milliseconds. */
const saveEveryMs = 1_000;

/** A worker that reads parts of a verification. */
export type PartReader = {
  readonly catalogue: Pick<Catalogue, 'parts'>;
  readonly leaseOwner: string;
  readonly storage: StorageUnit;
  /** Null to read everything in this thread. */
  readonly threads: StorageThreads | null;
  readonly provedObjects: OpenProvedObjects;
  readonly signal: AbortSignal;
  /** Returns the requests made since the last call that the operation does not count by itself. */
  readonly takeRequests: () => RequestCount;
  readonly onProgress: (part: VerificationPart, progress: PartProgress) => void;
};

/** The abort reason of a worker whose part is not its own any more. */
class PartLost extends Error {
  override readonly name = 'PartLost';
}

/**
 * Reads a part that this worker has claimed, and continues with the next parts of the link while they are open. Returns
 * the part of another link that it has claimed at the end; null if it has none. Returns early if a part is taken from
 * the worker. Gives unfinished parts back, with their progress. Throws the errors of `proveContent`, and catalogue
 * errors.
 */
export async function readParts(
  reader: PartReader,
  link: LinkData,
  first: VerificationPart,
): Promise<VerificationPart | null> {
  const { parts } = reader.catalogue;
  const lost = new AbortController();
  const signal = AbortSignal.any([reader.signal, lost.signal]);
  const held = new Map<VerificationPart, PartProgress>([[first, first.progress]]);
  let claiming: Promise<unknown> = Promise.resolve();
  let following: VerificationPart | null = null;
  const workOn = (progress: PartProgress) => ({ progress, requests: reader.takeRequests() });

  const claimNext = async ({ operationId, backupId, firstObject, objectCount }: VerificationPart) => {
    const at = { backupId, firstObject: firstObject + (objectCount ?? 0) };
    const next = await parts.claimPart({ operationId, leaseOwner: reader.leaseOwner, at });
    if (next !== null) held.set(next, next.progress);
    return next === null ? null : rangeOf(next);
  };
  const save = async () => {
    for (const [part, progress] of held) {
      const isOwn = await parts.savePart(part, workOn(progress));
      // A part that was finished meanwhile is not lost.
      if (!isOwn && held.has(part)) lost.abort(new PartLost('another worker has the part'));
    }
  };
  const timer = setInterval(() => save().catch((error: unknown) => lost.abort(error)), saveEveryMs);
  try {
    const { storage, threads, provedObjects } = reader;
    const options = { storage, threads, provedObjects, signal };
    await proveRanges(link, rangeOf(first), options, {
      takeNext: ({ part }) => {
        const claimed = claimNext(part);
        claiming = claimed.catch(() => {});
        return claimed;
      },
      onProgress({ part }, { provedObjects, storedBytes, plainBytes }) {
        const progress = {
          provedObjects,
          storedBytes: part.progress.storedBytes + storedBytes,
          plainBytes: part.progress.plainBytes + plainBytes,
        };
        if (held.has(part)) held.set(part, progress);
        reader.onProgress(part, progress);
      },
      async onProved({ part }, { fault }) {
        const progress = held.get(part) ?? part.progress;
        held.delete(part);
        const isLast = held.size === 0 && part.objectCount === null;
        const { next } = await parts.finishPart(part, workOn(progress), fault, isLast ? reader.leaseOwner : null);
        following = next ?? following;
      },
    });
  } catch (error) {
    if (!(error instanceof PartLost)) throw error;
  } finally {
    clearInterval(timer);
    await claiming;
    for (const [part, progress] of held) await parts.givePartBack(part, workOn(progress));
  }
  return following;
}

function rangeOf(part: VerificationPart) {
  const { firstObject, objectCount, progress } = part;
  return { part, firstObject, objectCount, startAfter: progress.provedObjects };
}
