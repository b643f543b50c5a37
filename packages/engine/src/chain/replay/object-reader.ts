import { Readable } from 'node:stream';

/** Pieces of plain bytes read ahead of their need, of at most some hundred KiB each. */
const piecesAhead = 8;

/** Reads one object's plain bytes in order, somewhat ahead of their need, from the moment it is made. */
export class ObjectReader {
  readonly #stream: Readable;
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();
  /** Where the next byte lies in the volume. */
  #position: number;

  /** `offset` is where the first of the bytes lies in the volume. */
  constructor(plain: AsyncIterable<Uint8Array>, offset: number) {
    this.#stream = Readable.from(plain, { objectMode: true, highWaterMark: piecesAhead });
    // What fails ahead of its need is thrown when the need comes.
    this.#stream.on('error', () => {});
    this.#stream.read(0);
    this.#pieces = this.#stream[Symbol.asyncIterator]();
    this.#position = offset;
  }

  /** Fills `target` with the bytes of the volume from `start` on, which must not lie before what was read last. */
  async read(start: number, target: Uint8Array): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      if (this.#rest.length === 0) await this.#advance();
      const skipped = Math.min(this.#rest.length, Math.max(0, start - this.#position));
      const taken = this.#rest.subarray(skipped, skipped + target.length - filled);
      target.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(skipped + taken.length);
      this.#position += skipped + taken.length;
    }
  }

  /** Reads what is left, for its digest stands at the end. */
  async finish(): Promise<void> {
    this.#rest = new Uint8Array();
    for (let next = await this.#pieces.next(); next.done !== true; ) next = await this.#pieces.next();
  }

  /** Lets go of the object, wherever it was read to. */
  close(): void {
    this.#stream.destroy();
  }

  async #advance(): Promise<void> {
    const { done, value } = await this.#pieces.next();
    if (done === true) throw new TypeError('an object was asked for more bytes than it has');
    this.#rest = value;
  }
}
