import { type PieceMemory, type PieceSlot, pieceBytes } from './piece-memory.ts';

/** A piece that is ready to be sent: the first bytes of a slot. */
export type FilledSlot = { readonly slot: number; readonly length: number };

/** Sends bytes in pieces, as many as are allowed. */
export class PieceSender {
  readonly #memory: PieceMemory;
  readonly #post: (piece: FilledSlot) => void;
  #allowedBytes = 0;
  #isDropped = false;
  #changed = Promise.withResolvers<void>();

  constructor(memory: PieceMemory, post: (piece: FilledSlot) => void) {
    this.#memory = memory;
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
    let piece: PieceSlot | null = this.#memory.take();
    let filled = 0;
    try {
      for await (const chunk of bytes) {
        for (let from = 0; from < chunk.length; ) {
          const part = chunk.subarray(from, from + pieceBytes - filled);
          piece.bytes.set(part, filled);
          from += part.length;
          filled += part.length;
          if (filled < pieceBytes) continue;
          if (!(await this.#waitForLeave())) return;
          this.#sendPiece(piece.slot, filled);
          piece = this.#memory.take();
          filled = 0;
        }
      }
      if (filled === 0 || !(await this.#waitForLeave())) return;
      this.#sendPiece(piece.slot, filled);
      piece = null;
    } finally {
      if (piece !== null) this.#memory.free([piece.slot]);
    }
  }

  #sendPiece(slot: number, length: number): void {
    this.#allowedBytes -= length;
    this.#post({ slot, length });
  }

  /** Waits until bytes are allowed. Returns false if they are no longer wanted. */
  async #waitForLeave(): Promise<boolean> {
    while (this.#allowedBytes <= 0 && !this.#isDropped) await this.#changed.promise;
    return !this.#isDropped;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
