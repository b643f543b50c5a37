import type { StorageUnit } from '../../storage/port.ts';
import type { LinkData } from '../data.ts';
import type { Fault } from '../proof/link.ts';
import type { StorageThreads } from '../threads/storage-threads.ts';
import { untilAborted } from '../until-aborted.ts';
import type { JobBatch } from './job-batches.ts';
import { type ContentProgress, ProofTally } from './proof-tally.ts';
import { type ContentRunner, type Failure, failureOf, proveInThisThread } from './prove-batch.ts';
import { type OpenProvedObjects, type ProvedObjects, proveUnknown } from './proved-objects.ts';
import { type ObjectRange, type RangeBatch, rangeBatches } from './range-batches.ts';

/** Up to this size, threads would cost more than they save. */
const aloneBytesMax = 32 * 1024 * 1024;
const aloneBatchesMax = 4;
/** Batches in each thread at a time: while one waits for storage, another can be hashed. */
const slotsPerThread = 4;

export type RangeProofOptions = {
  readonly storage: StorageUnit;
  /**
   * Threads that read the same storage unit, without other work. They start if there is enough to prove, and stay for
   * what is proved next. Null to prove everything in this thread.
   */
  readonly threads: StorageThreads | null;
  /** The memory of contents that are no parts of a volume (default: none). */
  readonly provedObjects?: OpenProvedObjects;
  readonly signal: AbortSignal;
};

/** The result of reading objects of a link. */
export type ContentProof = ContentProgress & {
  /** Fault of the broken object with the smallest offset; null if all objects are right. */
  readonly fault: Fault | null;
};

/** Says which ranges are proved, and learns of their progress. */
export type RangeKeeper<Range extends ObjectRange> = {
  /**
   * Returns the range that begins where this one ends, if it is to be proved too; null if not. Its objects are read
   * without a break. Not called after a range that ends with the link.
   */
  readonly takeNext: (range: Range) => Promise<Range | null>;
  /** Called after each batch of objects. */
  readonly onProgress: (range: Range, progress: ContentProgress) => void;
  /**
   * Called once all objects of a range are proved, or those before its first broken object are. Not called for a range
   * that was left before, because of an error or of a fault in an earlier one.
   */
  readonly onProved: (range: Range, proof: ContentProof) => Promise<void>;
};

/**
 * Proves a range of the objects of a link, and the ranges that the keeper adds, as `proveContent` proves whole links.
 * Throws the same errors, and those of the keeper.
 */
export async function proveRanges<Range extends ObjectRange>(
  link: LinkData,
  first: Range,
  options: RangeProofOptions,
  keeper: RangeKeeper<Range>,
): Promise<void> {
  options.signal.throwIfAborted();
  await untilAborted(new RangesProof(link, first, options, keeper).run(), options.signal);
}

/** A range that is being proved. */
class RangeWork<Range extends ObjectRange> {
  readonly range: Range;
  readonly tally: ProofTally;
  /** Number of batches that are being proved. */
  running = 0;
  /** Number of batches that are planned and not proved. */
  unproved = 0;
  /** Number of the link's objects before the first that is not in a batch yet. */
  planned: number;
  /** Whether all of its batches are known. */
  isPlanned = false;
  isProved = false;

  constructor(range: Range) {
    this.range = range;
    this.tally = new ProofTally(range.startAfter);
    this.planned = range.startAfter;
  }
}

type Planned<Range extends ObjectRange> = { readonly work: RangeWork<Range>; readonly batch: JobBatch };

class RangesProof<Range extends ObjectRange> {
  readonly #link: LinkData;
  readonly #options: RangeProofOptions;
  readonly #keeper: RangeKeeper<Range>;
  readonly #batches: AsyncGenerator<RangeBatch<Range>>;
  /** In order. */
  readonly #works: RangeWork<Range>[];
  readonly #running = new Set<Promise<void>>();
  /** What is known to be proved; null to read everything. */
  readonly #known: ProvedObjects | null;
  /** An error of the keeper. */
  #thrown: { readonly error: unknown } | null = null;

  constructor(link: LinkData, first: Range, options: RangeProofOptions, keeper: RangeKeeper<Range>) {
    this.#link = link;
    this.#options = options;
    this.#known = options.provedObjects?.(link) ?? null;
    this.#keeper = keeper;
    this.#works = [new RangeWork(first)];
    this.#batches = rangeBatches(link, first, async (range) => {
      const work = this.#current;
      work.isPlanned = true;
      await this.#settle(work);
      const next = range.objectCount === null || this.#isOver ? null : await keeper.takeNext(range);
      if (next !== null) this.#works.push(new RangeWork(next));
      return next;
    });
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    try {
      const first = await this.#planFirst();
      await using runner = openRunner(
        this.#link,
        first.map(({ batch }) => batch),
        this.#options,
      );
      const abandon = () => void runner[Symbol.asyncDispose]();
      signal.addEventListener('abort', abandon, { once: true });
      let next = first.shift() ?? null;
      // Objects after a failure need not be read. Objects before it may fail too, so they are awaited.
      while (next !== null && !this.#isOver) {
        this.#start(runner, next);
        if (this.#running.size >= runner.slots) await Promise.race(this.#running);
        next = first.shift() ?? (await this.#plan());
      }
      await Promise.all(this.#running);
      signal.removeEventListener('abort', abandon);
    } finally {
      await this.#batches.return(undefined);
    }
    if (this.#thrown !== null) throw this.#thrown.error;
    if (signal.aborted) return;
    for (const work of this.#works) await this.#settle(work);
    const foremost = this.#works.find(({ tally }) => tally.failure !== null)?.tally.failure;
    if (foremost?.kind === 'error') throw foremost.error;
  }

  get #current(): RangeWork<Range> {
    const work = this.#works.at(-1);
    if (work === undefined) throw new Error('a proof has at least one range');
    return work;
  }

  get #isOver(): boolean {
    return (
      this.#options.signal.aborted || this.#thrown !== null || this.#works.some(({ tally }) => tally.failure !== null)
    );
  }

  /** The next batch; null at the end, or if the metadata fails. */
  async #plan(): Promise<Planned<Range> | null> {
    try {
      const { done, value } = await this.#batches.next();
      if (done === true) return null;
      const work = this.#current;
      work.planned += value.batch.jobs.length;
      work.unproved += 1;
      return { work, batch: value.batch };
    } catch (error) {
      const work = this.#current;
      if (work.isPlanned) this.#thrown = { error };
      else work.tally.fail(work.planned, failureOf(error));
      return null;
    }
  }

  /** The first batches, enough to decide whether threads are worth their cost. */
  async #planFirst(): Promise<Planned<Range>[]> {
    const first: Planned<Range>[] = [];
    let storedBytes = 0;
    while (first.length <= aloneBatchesMax && storedBytes <= aloneBytesMax) {
      const next = await this.#plan();
      if (next === null) break;
      first.push(next);
      storedBytes += next.batch.storedBytes;
    }
    return first;
  }

  #start(runner: ContentRunner, { work, batch }: Planned<Range>): void {
    work.running += 1;
    const ended = this.#prove(runner, work, batch).finally(() => this.#running.delete(ended));
    this.#running.add(ended);
  }

  async #prove(runner: ContentRunner, work: RangeWork<Range>, batch: JobBatch): Promise<void> {
    const { signal } = this.#options;
    let failure: Failure | null = null;
    try {
      const result = await proveUnknown(runner, this.#known, batch.jobs);
      if (signal.aborted) return;
      work.tally.add(batch.first, result);
    } catch (error) {
      failure = { kind: 'error', error };
      work.tally.fail(batch.first, failure);
    }
    work.running -= 1;
    work.unproved -= 1;
    try {
      if (failure === null) this.#keeper.onProgress(work.range, work.tally.progress());
      if (work.isPlanned) await this.#settle(work);
    } catch (error) {
      this.#thrown ??= { error };
    }
  }

  /** Tells the keeper if nothing more will be learned of a range. */
  async #settle(work: RangeWork<Range>): Promise<void> {
    const { tally, range } = work;
    const { failure } = tally;
    if (work.isProved || work.running > 0 || failure?.kind === 'error') return;
    if (failure === null && (!work.isPlanned || work.unproved > 0)) return;
    work.isProved = true;
    const fault = failure === null ? null : withMeaning(this.#link, failure.fault);
    await this.#keeper.onProved(range, { ...tally.progress(), fault });
  }
}

function withMeaning(link: LinkData, fault: Fault): Fault {
  const meaning = link.volumeBytes === null ? link.meaningOfDamage : undefined;
  if (meaning === undefined || fault.code !== 'content_mismatch') return fault;
  return { ...fault, detail: `${fault.detail}; ${meaning}` };
}

function openRunner(
  { location: { bucketName } }: LinkData,
  first: readonly JobBatch[],
  { storage, threads, signal }: RangeProofOptions,
): ContentRunner {
  const storedBytes = first.reduce((sum, batch) => sum + batch.storedBytes, 0);
  const isLittle = first.length <= aloneBatchesMax && storedBytes <= aloneBytesMax;
  if (threads === null || isLittle) return proveInThisThread(storage, bucketName, signal);
  let running = 0;
  return {
    slots: threads.threadCount * slotsPerThread,
    async prove(jobs) {
      running += 1;
      const result = await threads.prove(bucketName, jobs);
      running -= 1;
      return result;
    },
    async [Symbol.asyncDispose]() {
      // What failed or was abandoned may still run in a thread. It must end before the next link.
      if (running > 0) await threads[Symbol.asyncDispose]();
    },
  };
}
