import type { BatchResult, Failure } from './prove-batch.ts';

/** Progress of a proof. */
export type ContentProgress = {
  /** Number of objects, from the first on, that are all proved, in this run or an earlier one. Continue after them. */
  readonly provedObjects: number;
  /** Number of these that were proved in this run. */
  readonly objects: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
};

type PlacedFailure = { readonly index: number; readonly failure: Failure };

/** Adds up the results of batches. The totals do not depend on the order in which batches end. */
export class ProofTally {
  readonly #startAfter: number;
  #provedObjects: number;
  #storedBytes = 0;
  #plainBytes = 0;
  /** Results of batches that ended before an earlier one, by their first object. */
  readonly #ahead = new Map<number, BatchResult>();
  #failure: PlacedFailure | null = null;

  constructor(startAfter: number) {
    this.#startAfter = startAfter;
    this.#provedObjects = startAfter;
  }

  /** The failure of the first failing object, in order, so far. */
  get failure(): Failure | null {
    return this.#failure?.failure ?? null;
  }

  add(first: number, result: BatchResult): void {
    if (result.failure !== null) this.fail(first + result.objects, result.failure);
    if (result.objects > 0) this.#ahead.set(first, result);
    let next = this.#ahead.get(this.#provedObjects);
    while (next !== undefined) {
      this.#ahead.delete(this.#provedObjects);
      this.#provedObjects += next.objects;
      this.#storedBytes += next.storedBytes;
      this.#plainBytes += next.plainBytes;
      next = this.#ahead.get(this.#provedObjects);
    }
  }

  /** Records a failure. `index` is the number of objects before the failed one. */
  fail(index: number, failure: Failure): void {
    if (this.#failure === null || index < this.#failure.index) this.#failure = { index, failure };
  }

  progress(): ContentProgress {
    return {
      provedObjects: this.#provedObjects,
      objects: this.#provedObjects - this.#startAfter,
      storedBytes: this.#storedBytes,
      plainBytes: this.#plainBytes,
    };
  }
}
