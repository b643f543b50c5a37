import type { BatchResult, Failure } from './prove-batch.ts';

/** How far a proof has come. */
export type ContentProgress = {
  /** All objects up to this number, in order and with those of an earlier run, are proved: go on behind it. */
  readonly provedObjects: number;
  /** Objects proved in this run, in whatever order, and their bytes. */
  readonly objects: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
};

type PlacedFailure = { readonly index: number; readonly failure: Failure };

/** Adds up what batches come to. They end in any order; what is told does not depend on it. */
export class ProofTally {
  #provedObjects: number;
  #objects = 0;
  #storedBytes = 0;
  #plainBytes = 0;
  /** Batches that have ended before one in front of them: first object to the one behind the last. */
  readonly #ahead = new Map<number, number>();
  #failure: PlacedFailure | null = null;

  constructor(startAfter: number) {
    this.#provedObjects = startAfter;
  }

  /** The failure of the foremost object so far. */
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

  /** `index` is the number of objects before the one that failed. */
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
