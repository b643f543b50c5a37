import { ReadFault } from '../proof/read-fault.ts';

export const hashBytes = 32;

/** Walks the packed hashes of a volume's blocks in order, in constant memory. */
export class HashCursor {
  readonly #batches: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  #block = 0;

  constructor(hashes: AsyncIterable<Uint8Array>) {
    this.#batches = hashes[Symbol.asyncIterator]();
  }

  /** The next block whose hash is to be taken. */
  get block(): number {
    return this.#block;
  }

  /**
   * Passes the packed hashes of the next `count` blocks to `take`, in one or more parts. Throws `ReadFault` `geometry`
   * if there are fewer, and the errors of reading them.
   */
  async take(count: number, take: (hashes: Uint8Array) => void): Promise<void> {
    let left = count;
    while (left > 0) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#batches.next();
        if (done === true) throw tooFew(this.#block, left);
        this.#rest = value;
        continue;
      }
      const taken = Math.min(left, this.#rest.length / hashBytes);
      take(this.#rest.subarray(0, taken * hashBytes));
      this.#rest = this.#rest.subarray(taken * hashBytes);
      left -= taken;
      this.#block += taken;
    }
  }

  /** Throws `ReadFault` `geometry` if hashes are left. */
  async end(): Promise<void> {
    if (this.#rest.length > 0) throw tooMany(this.#block);
    for (let next = await this.#batches.next(); next.done !== true; next = await this.#batches.next()) {
      if (next.value.length > 0) throw tooMany(this.#block);
    }
  }

  /** Releases the source of the hashes. */
  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}

function tooFew(block: number, missing: number): ReadFault {
  const detail = `there are only ${block} block hashes, but at least ${block + missing} are needed`;
  return new ReadFault({ code: 'geometry', detail }, false);
}

function tooMany(block: number): ReadFault {
  return new ReadFault(
    { code: 'geometry', detail: `there are more block hashes than blocks in the volume (${block})` },
    false,
  );
}
