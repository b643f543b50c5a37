import { Buffer } from 'node:buffer';
import { hashBytes } from './hash-array-scanner.ts';

/** Hashes that are compared at once: most are equal. */
const comparedBytes = 128 * hashBytes;

/**
 * Runs of consecutive blocks of a volume, in rising order, none touching the next. `starts[i]` is a run's first block,
 * `ends[i]` the block behind its last.
 */
export type BlockRuns = { readonly starts: readonly number[]; readonly ends: readonly number[] };

/** Puts runs together from blocks that come in rising order. */
export class BlockRunsBuilder {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  get count(): number {
    return this.#starts.length;
  }

  add(start: number, end: number): void {
    const last = this.#ends.length - 1;
    if (this.#ends[last] === start) this.#ends[last] = end;
    else {
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  finish(): BlockRuns {
    return { starts: this.#starts, ends: this.#ends };
  }
}

/**
 * Finds the blocks whose hash differs between two lists that are walked side by side.
 *
 * No more than `runsMax` + 1 runs are kept: a caller that expects `runsMax` at most knows then that there are too
 * many, and a hostile pair of lists cannot fill the memory.
 */
export class ChangedBlocks {
  readonly #runsMax: number;
  readonly #runs = new BlockRunsBuilder();
  #block = 0;

  constructor(runsMax: number) {
    this.#runsMax = runsMax;
  }

  /** Takes the next hashes of both lists: as many bytes of each, 32 a hash. */
  compare(child: Uint8Array, parent: Uint8Array): void {
    for (let at = 0; at < child.length; at += comparedBytes) {
      const [ofChild, ofParent] = [child.subarray(at, at + comparedBytes), parent.subarray(at, at + comparedBytes)];
      if (Buffer.compare(ofChild, ofParent) === 0) this.#block += ofChild.length / hashBytes;
      else this.#compareEach(ofChild, ofParent);
    }
  }

  #compareEach(child: Uint8Array, parent: Uint8Array): void {
    for (let at = 0; at < child.length; at += hashBytes) {
      if (!sameHash(child, parent, at) && this.#runs.count <= this.#runsMax) {
        this.#runs.add(this.#block, this.#block + 1);
      }
      this.#block += 1;
    }
  }

  finish(): BlockRuns {
    return this.#runs.finish();
  }
}

function sameHash(one: Uint8Array, other: Uint8Array, at: number): boolean {
  for (let index = at; index < at + hashBytes; index += 1) if (one[index] !== other[index]) return false;
  return true;
}
