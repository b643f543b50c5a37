import { Buffer } from 'node:buffer';
import { NumberColumn } from '../number-column.ts';
import { hashBytes } from './hash-run.ts';

/** Bytes of hashes compared at once; most are equal. */
const comparedBytes = 128 * hashBytes;

/** Runs of consecutive blocks of a volume, in rising order, with gaps between them. Takes a few bytes for each run. */
export class BlockRuns {
  readonly #starts = new NumberColumn();
  readonly #ends = new NumberColumn();
  #count = 0;
  #lastEnd = -1;

  get count(): number {
    return this.#count;
  }

  /** The first block of a run; infinity if there is no such run. */
  startAt(run: number): number {
    return run < this.#count ? this.#starts.at(run) : Number.POSITIVE_INFINITY;
  }

  /** The block after the last of a run; infinity if there is no such run. */
  endAt(run: number): number {
    return run < this.#count ? this.#ends.at(run) : Number.POSITIVE_INFINITY;
  }

  /** Adds the blocks from `start` up to but not including `end`. Must be called in rising order. */
  add(start: number, end: number): void {
    if (start !== this.#lastEnd) {
      this.#starts.set(this.#count, start);
      this.#count += 1;
    }
    this.#ends.set(this.#count - 1, end);
    this.#lastEnd = end;
  }
}

/**
 * Finds the blocks whose hash differs between two lists that are walked in parallel.
 *
 * Keeps at most `runsMax` + 1 runs. The extra run shows a caller that expects `runsMax` that there are too many. A
 * hostile pair of lists cannot fill the memory.
 */
export class ChangedBlocks {
  readonly #runsMax: number;
  readonly #runs = new BlockRuns();
  #block = 0;

  constructor(runsMax: number) {
    this.#runsMax = runsMax;
  }

  /** Compares the next hashes of both lists: 32 bytes per hash, and the same number of bytes from each. */
  compare(child: Uint8Array, parent: Uint8Array): void {
    if (Buffer.compare(child, parent) === 0) {
      this.#block += child.length / hashBytes;
      return;
    }
    for (let at = 0; at < child.length; at += comparedBytes) {
      const [ofChild, ofParent] = [child.subarray(at, at + comparedBytes), parent.subarray(at, at + comparedBytes)];
      if (Buffer.compare(ofChild, ofParent) === 0) this.#block += ofChild.length / hashBytes;
      else this.#compareEach(ofChild, ofParent);
    }
  }

  #compareEach(child: Uint8Array, parent: Uint8Array): void {
    const [ofChild, ofParent] = [viewOf(child), viewOf(parent)];
    for (let at = 0; at < child.length; at += hashBytes) {
      if (!isSameHash(ofChild, ofParent, at) && this.#runs.count <= this.#runsMax) {
        this.#runs.add(this.#block, this.#block + 1);
      }
      this.#block += 1;
    }
  }

  get runs(): BlockRuns {
    return this.#runs;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Compares four bytes at a time. */
function isSameHash(one: DataView, other: DataView, at: number): boolean {
  let difference = 0;
  for (let index = at; index < at + hashBytes; index += 4) difference |= one.getInt32(index) ^ other.getInt32(index);
  return difference === 0;
}
