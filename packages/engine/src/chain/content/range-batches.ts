import type { LinkData } from '../data.ts';
import type { ContentJob } from './content-job.ts';
import { contentJobs } from './content-jobs.ts';
import { type JobBatch, jobBatches } from './job-batches.ts';

/** A run of the objects of a link. */
export type ObjectRange = {
  /** Number of the link's objects before the range. */
  readonly firstObject: number;
  /** Null if it ends with the link. */
  readonly objectCount: number | null;
  /** Number of the link's objects before the first that is still to be proved. */
  readonly startAfter: number;
};

export type RangeBatch<Range extends ObjectRange> = { readonly range: Range; readonly batch: JobBatch };

/**
 * Yields the batches of a range that are still to be proved, and of the ranges that follow, without reading the
 * metadata of the link again. `takeNext` is called at the end of each range, unless that is the end of the link. It
 * returns the range that begins there, or null to end. No batch is in two ranges. Throws the errors of `contentJobs`
 * and `takeNext`.
 */
export async function* rangeBatches<Range extends ObjectRange>(
  link: LinkData,
  first: Range,
  takeNext: (range: Range) => Promise<Range | null>,
): AsyncGenerator<RangeBatch<Range>> {
  const jobs = contentJobs(link, first.startAfter);
  let taken = first.startAfter;
  /** The jobs up to this number of the link's objects. */
  async function* upTo(end: number): AsyncGenerator<ContentJob> {
    while (taken < end) {
      const { done, value } = await jobs.next();
      if (done === true) return;
      taken += 1;
      yield value;
    }
  }
  try {
    for (let range: Range | null = first; range !== null; ) {
      for await (const _ of upTo(range.startAfter));
      const end = range.objectCount === null ? Number.POSITIVE_INFINITY : range.firstObject + range.objectCount;
      for await (const batch of jobBatches(upTo(end), range.startAfter)) yield { range, batch };
      range = await takeNext(range);
    }
  } finally {
    await jobs.return(undefined);
  }
}
