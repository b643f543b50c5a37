import type { PlainPieces } from './plain-pieces.ts';

/** Reads one object's plain bytes in order. */
export class ObjectReader {
  readonly #pieces: PlainPieces;
  #rest: Uint8Array = new Uint8Array();
  /** Position of the next byte in the volume. */
  #position: number;

  /** `offset` is the position of the object's first byte in the volume. */
  constructor(pieces: PlainPieces, offset: number) {
    this.#pieces = pieces;
    this.#position = offset;
  }

  /** Fills `target` with the bytes of the volume from `start` on. `start` must not be before the bytes read last. */
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

  /** Reads the rest, because digests are compared at the end. */
  async finish(): Promise<void> {
    this.#rest = new Uint8Array();
    while ((await this.#pieces.next()) !== null);
  }

  /** Releases the object, however far it was read. */
  close(): void {
    this.#pieces.close();
  }

  async #advance(): Promise<void> {
    const piece = await this.#pieces.next();
    if (piece === null) throw new TypeError('an object was asked for more bytes than it has');
    this.#rest = piece;
  }
}
