import { defaultResourceType, imagePathProblem } from '@backup-sync/contracts';
import pLimit from 'p-limit';
import { isLeaseLost } from '../catalogue/fence.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { DescribedBackup } from '../chain/format.ts';
import { formats } from '../chain/formats/formats.ts';
import type { Fault } from '../chain/proof/link.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';
import { isYoung } from '../chain/proof/young-metadata.ts';
import { quote } from '../quote.ts';
import type { Outages } from '../storage/outage.ts';
import {
  isOutageFailure,
  isServiceRefusal,
  StorageError,
  type StorageErrorCode,
  type StorageUnit,
} from '../storage/port.ts';
import { reasonOfStorageError } from '../storage/storage-reason.ts';
import type { Candidate } from './find-candidates.ts';
import { describeByPath } from './sync-item.ts';

/** Metadata objects read at once. With the pages of the listing, they stay within an ordinary budget. */
const readsAtOnce = 16;

/** Refusals by a store that was just listed that may concern only one object, such as its name or how it is stored. */
const refusalsOfObject: ReadonlySet<StorageErrorCode> = new Set(['storage_request_refused', 'storage_not_implemented']);

export type Description =
  | { readonly kind: 'described'; readonly backup: DescribedBackup }
  | { readonly kind: 'unreadable' | 'incomplete'; readonly fault: Fault }
  /** It turned out to be a file of another backup. */
  | { readonly kind: 'part' };

/**
 * Reads the metadata of the candidates, several at a time, and returns the answers in the order of the candidates. One
 * unreadable candidate does not stop the others, even if this program is at fault.
 *
 * Throws the signal's reason, and catalogue errors. Throws storage errors if the backup is not at fault: the bucket is in an outage (the
 * request is retried once it answers), or every request is refused.
 */
export function describeCandidates(
  context: {
    readonly storage: StorageUnit;
    readonly bucketName: string;
    readonly outages: Outages;
    readonly signal: AbortSignal;
    readonly nowMs: () => number;
    readonly onFault: (error: unknown) => void;
  },
  candidates: readonly Candidate[],
): Promise<Description[]> {
  return pLimit(readsAtOnce).map(candidates, (candidate) => describe(candidate));

  async function describe(candidate: Candidate, isLastAttempt = false): Promise<Description> {
    if (candidate.kind === 'unknown' && !candidate.hasContent) {
      const detail = `${candidate.imagePath} has only logs, empty objects and similar files`;
      return { kind: 'incomplete', fault: { code: 'incomplete', detail } };
    }
    if (candidate.kind === 'unknown') {
      return { kind: 'described', backup: describeByPath(candidate, defaultResourceType) };
    }
    if (candidate.kind === 'begun') {
      const { markKey, imagePath } = candidate;
      const detail = markKey === null ? `${imagePath} has only empty objects` : `${markKey} is not there`;
      return { kind: 'incomplete', fault: { code: 'incomplete', detail } };
    }
    // Such an object can be neither read nor named by an item. Its metadata would count as not readable by anybody.
    const problem = imagePathProblem(candidate.imagePath);
    if (problem !== undefined) {
      const detail = `the image path ${quote(candidate.imagePath)} ${problem}`;
      return unreadable({ code: 'metadata_unreadable', detail });
    }
    try {
      const backup = await formats[candidate.format].describe(context, candidate.imagePath, candidate.mark);
      return { kind: 'described', backup };
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof StorageError) {
        if (isServiceRefusal(error) && !refusalsOfObject.has(error.code)) throw error;
        if (context.outages.of(context.storage.id, context.bucketName) !== null) throw error;
        // The request may have failed in an outage that has just ended.
        if (isOutageFailure(error) && !isLastAttempt) return describe(candidate, true);
        return unreadable({ code: reasonOfStorageError[error.code], detail: error.message });
      }
      if (isCatalogueFault(error) || isLeaseLost(error)) throw error;
      if (!(error instanceof ReadFault)) {
        context.onFault(error);
        const detail = `the metadata of ${quote(candidate.imagePath)} could not be read: see the server's log`;
        return unreadable({ code: 'internal', detail });
      }
      if (error.fault.code === 'path_not_a_backup') return { kind: 'part' };
      const mayBeUnfinished = error.fault.code === 'metadata_unreadable' && isYoung(candidate.mark, context.nowMs());
      if (error.fault.code === 'incomplete' || mayBeUnfinished) {
        return { kind: 'incomplete', fault: { code: 'incomplete', detail: error.fault.detail } };
      }
      return unreadable(error.fault);
    }
  }
}

function unreadable(fault: Fault): Description {
  return { kind: 'unreadable', fault };
}
