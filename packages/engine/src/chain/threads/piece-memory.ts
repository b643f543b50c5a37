/** Bytes of a piece: large enough to share the cost of a message, small enough to be sent soon. */
export const pieceBytes = 256 * 1024;

/** Memory of one piece, which a thread shares with the thread that started it. */
export type PieceSlot = {
  readonly slot: number;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
};

/**
 * The memory of the pieces that a thread sends. It is shared and used again. Memory that changed hands with each
 * message would be garbage, and collecting it took a quarter of the processor time of a replay.
 */
export class PieceMemory {
  readonly #slots: PieceSlot[] = [];
  readonly #free: PieceSlot[] = [];
  /** Slots that the other thread knows. */
  #known = 0;

  /** Takes a slot that is free, or a new one. */
  take(): PieceSlot {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const added = { slot: this.#slots.length, bytes: new Uint8Array(new SharedArrayBuffer(pieceBytes)) };
    this.#slots.push(added);
    return added;
  }

  /** Takes slots back whose pieces were used. */
  free(slots: readonly number[]): void {
    for (const slot of slots) {
      const known = this.#slots[slot];
      if (known !== undefined) this.#free.push(known);
    }
  }

  /** The slots that were added since the last call, which the other thread must learn of. */
  takeAdded(): readonly SharedArrayBuffer[] {
    const added = this.#slots.slice(this.#known).map(({ bytes }) => bytes.buffer);
    this.#known = this.#slots.length;
    return added;
  }
}
