/** Bytes of a piece: enough to share the cost of a message, little enough to be on its way soon. */
export const pieceBytes = 256 * 1024;

/** Sends bytes in pieces, as many as are allowed. Each piece has its memory to itself, so that it can be handed over. */
export class PieceSender {
  readonly #post: (piece: Uint8Array<ArrayBuffer>) => void;
  #allowedBytes = 0;
  #isDropped = false;
  #changed = Promise.withResolvers<void>();

  constructor(post: (piece: Uint8Array<ArrayBuffer>) => void) {
    this.#post = post;
  }

  /** So many bytes more; a piece goes out whole once any are left. */
  allow(bytes: number): void {
    this.#allowedBytes += bytes;
    this.#wake();
  }

  /** Nothing more is wanted: `send` lets go of what it reads. */
  drop(): void {
    this.#isDropped = true;
    this.#wake();
  }

  /** Ends when all is sent, or nothing more is wanted. Throws what reading throws. */
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
