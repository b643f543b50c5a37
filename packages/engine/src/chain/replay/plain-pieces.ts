import { Readable } from 'node:stream';
import type { StoredObject, VolumeLink } from '../data.ts';

/** The plain bytes of an object, in order. Reading ahead starts when the object is opened. */
export interface PlainPieces {
  /**
   * Returns the next piece; null after the last if all digests match. A piece is valid until the next is requested.
   * Throws read errors.
   */
  next(): Promise<Uint8Array | null>;
  /** Releases the object, however far it was read. */
  close(): void;
}

/** Opens objects, and limits how many are opened before their first byte is needed. */
export type ObjectOpener = AsyncDisposable & {
  /** Maximum number of objects opened ahead. */
  readonly objectsAhead: number;
  /** Plain bytes of objects opened ahead, beyond which no more are opened. */
  readonly bytesAhead: number;
  open(link: VolumeLink, object: StoredObject): PlainPieces;
};

/** Pieces read ahead of each object. A piece has at most some hundred KiB. */
const piecesAhead = 8;

/** Reads in this thread, which is enough for small volumes. `read` starts to read an object. */
export function openInThisThread(
  read: (link: VolumeLink, object: StoredObject) => AsyncIterable<Uint8Array>,
): ObjectOpener {
  return {
    objectsAhead: 8,
    bytesAhead: Number.POSITIVE_INFINITY,
    open: (link, object) => piecesOf(read(link, object)),
    async [Symbol.asyncDispose]() {},
  };
}

/** A piece is valid until the next is requested, so those that are read ahead must be copies. */
async function* copiesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield new Uint8Array(piece);
}

function piecesOf(plain: AsyncIterable<Uint8Array>): PlainPieces {
  const stream = Readable.from(copiesOf(plain), { objectMode: true, highWaterMark: piecesAhead });
  // An error while reading ahead is thrown when the bytes are needed.
  stream.on('error', () => {});
  stream.read(0);
  const pieces: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await pieces.next();
      return done === true ? null : value;
    },
    close: () => void stream.destroy(),
  };
}
