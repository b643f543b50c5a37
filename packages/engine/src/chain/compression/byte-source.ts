/** Reads a stream of pieces by exact numbers of bytes. */
export class ByteSource {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#source = pieces[Symbol.asyncIterator]();
  }

  /** The next `count` bytes, or as many as are left. */
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

  /** Releases what the pieces come from. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #take(count: number): Uint8Array {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }
}
