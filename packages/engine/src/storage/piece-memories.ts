import type { PieceMemories } from './port.ts';

const pieceBytesMin = 256 * 1024;
/** Larger, because a read costs more than its bytes. */
const pieceBytesMax = 1024 * 1024;
/** An object with larger pieces than the smallest has at least so many, so that the memory is small next to the object. */
const piecesMin = 32;
/** Unused memories of one size that are kept. */
const unusedMax = 16;

/** Bytes of the pieces in which an object of this size is read if their memory is used again. */
export function bytesOfPiece(objectBytes: number): number {
  let bytes = pieceBytesMin;
  while (bytes < pieceBytesMax && 2 * bytes * piecesMin <= objectBytes) bytes *= 2;
  return bytes;
}

/** Memory for readers of many objects. A chain may have an open object for each of hundreds of links. */
export class PieceMemoryPool {
  readonly #unused = new Map<number, PieceMemories[]>();

  /** Takes memory for an object of this size. */
  take(objectBytes: number): PieceMemories {
    const bytes = bytesOfPiece(objectBytes);
    return this.#unused.get(bytes)?.pop() ?? [new Uint8Array(bytes), new Uint8Array(bytes)];
  }

  /** Gives memory back that nobody reads any more. */
  free(memories: PieceMemories): void {
    const bytes = memories[0].length;
    const unused = this.#unused.get(bytes) ?? [];
    if (unused.length < unusedMax) unused.push(memories);
    this.#unused.set(bytes, unused);
  }
}
