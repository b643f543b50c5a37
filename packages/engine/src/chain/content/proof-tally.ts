import type { BatchResult, Failure } from './prove-batch.ts';

/** Progress of a proof. */
export type ContentProgress = {
  /** Number of objects, from the first on, that are all proved, in this run or an earlier one. Continue after them. */
  readonly provedObjects: number;
  /** Objects proved in this run, in any order. */
  readonly objects: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
};

type PlacedFailure = { readonly index: number; readonly failure: Failure };

/** Adds up the results of batches. The totals do not depend on the order in which batches end. */
export class ProofTally {
  #provedObjects: number;
  #objects = 0;
  #storedBytes = 0;
  #plainBytes = 0;
  /** Batches that ended before an earlier one. Maps the first object to the one after the last. */
  readonly #ahead = new Map<number, number>();
  #failure: PlacedFailure | null = null;

  constructor(startAfter: number) {
    this.#provedObjects = startAfter;
  }

  /** The failure of the first failing object, in order, so far. */
  get failure(): Failure | null {
    return this.#failure?.failure ?? null;
  }

  add(first: number, result: BatchResult): void {
    this.#objects += result.objects;
    this.#storedBytes += result.storedBytes;
    this.#plainBytes += result.plainBytes;
    const end = first + result.objects;
    if (result.failure !== null) this.fail(end, result.failure);
    if (result.objects > 0) this.#ahead.set(first, end);
    for (let next = this.#ahead.get(this.#provedObjects); next !== undefined; next = this.#ahead.get(next)) {
      this.#ahead.delete(this.#provedObjects);
      this.#provedObjects = next;
    }
  }

  /** Records a failure. `index` is the number of objects before the failed one. */
  fail(index: number, failure: Failure): void {
    if (this.#failure === null || index < this.#failure.index) this.#failure = { index, failure };
  }

  progress(): ContentProgress {
    return {
      provedObjects: this.#provedObjects,
      objects: this.#objects,
      storedBytes: this.#storedBytes,
      plainBytes: this.#plainBytes,
    };
  }
}
