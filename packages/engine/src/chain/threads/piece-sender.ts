/** Bytes of a piece: large enough to share the cost of a message, small enough to be sent soon. */
export const pieceBytes = 256 * 1024;

/** Sends bytes in pieces, as many as are allowed. Each piece has its own buffer, so that it can be transferred. */
export class PieceSender {
  readonly #post: (piece: Uint8Array<ArrayBuffer>) => void;
  #allowedBytes = 0;
  #isDropped = false;
  #changed = Promise.withResolvers<void>();

  constructor(post: (piece: Uint8Array<ArrayBuffer>) => void) {
    this.#post = post;
  }

  /** Allows this many more bytes. A piece is sent as a whole while any allowed bytes are left. */
  allow(bytes: number): void {
    this.#allowedBytes += bytes;
    this.#wake();
  }

  /** Ends `send`, which releases its source. */
  drop(): void {
    this.#isDropped = true;
    this.#wake();
  }

  /** Sends the bytes until the end or until `drop` is called. Throws read errors. */
  async send(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const piece of inPieces(bytes)) {
      while (this.#allowedBytes <= 0 && !this.#isDropped) await this.#changed.promise;
      if (this.#isDropped) return;
      this.#allowedBytes -= piece.length;
      this.#post(piece);
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

async function* inPieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let piece = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + pieceBytes - filled);
      piece.set(part, filled);
      from += part.length;
      filled += part.length;
      if (filled < pieceBytes) continue;
      yield piece;
      piece = new Uint8Array(pieceBytes);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.slice(0, filled);
}
