import type { ObjectEntry } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { readRange, readStart } from '../../read-range.ts';

/** Bytes of an object that are read at once at its beginning, and among small members. */
export const windowBytes = 64 * 1024;

/** Reads pieces of an object, with few requests for those that are near each other or near its beginning. */
export class RangeWindow {
  readonly #context: BucketContext;
  readonly #entry: ObjectEntry;
  /** The beginning of the object, and what was read last. */
  #first: { readonly start: number; readonly bytes: Uint8Array } | null = null;
  #last: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array() };

  constructor(context: BucketContext, entry: ObjectEntry) {
    this.#context = context;
    this.#entry = entry;
  }

  /**
   * The bytes from `start` to `end`, fewer at the end of the object. If a request is needed, it reads `ahead` bytes at
   * least. Throws `ReadFault`, and storage errors.
   */
  async read(start: number, end: number, ahead: number): Promise<Uint8Array> {
    if (this.#first === null) {
      this.#first = { start: 0, bytes: await readStart(this.#context, this.#entry, windowBytes) };
    }
    const last = Math.min(end, this.#entry.size);
    if (start >= last) return new Uint8Array();
    for (const { start: from, bytes } of [this.#first, this.#last]) {
      if (from <= start && last <= from + bytes.length) return bytes.subarray(start - from, last - from);
    }
    const range = { start, end: Math.min(Math.max(last, start + ahead), this.#entry.size) };
    this.#last = { start, bytes: await readRange(this.#context, this.#entry, range) };
    return this.#last.bytes.subarray(0, last - start);
  }
}
