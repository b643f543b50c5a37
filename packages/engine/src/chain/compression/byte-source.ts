/** Reads exact numbers of bytes from a stream of pieces. */
export class ByteSource {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#source = pieces[Symbol.asyncIterator]();
  }

  /** Returns the next `count` bytes, or all that are left. */
  async read(count: number): Promise<Uint8Array> {
    if (this.#rest.length >= count) return this.#take(count);
    const parts = [this.#rest];
    let gathered = this.#rest.length;
    while (gathered < count) {
      const { done, value } = await this.#source.next();
      if (done === true) break;
      parts.push(value);
      gathered += value.length;
    }
    this.#rest = Buffer.concat(parts);
    return this.#take(Math.min(count, gathered));
  }

  /** Releases the source of the pieces. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #take(count: number): Uint8Array {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }
}
