import { Readable } from 'node:stream';
import type { LinkData, StoredObject } from '../data.ts';

/** The plain bytes of an object, in order, read somewhat ahead of their need from the moment it is opened. */
export interface PlainPieces {
  /**
   * The next piece; null behind the last, when all is as it must be. A piece can be read until the next is asked for.
   * Throws what reading throws.
   */
  next(): Promise<Uint8Array | null>;
  /** Lets go of the object, wherever it was read to. */
  close(): void;
}

/** How objects are opened, and how many before their first byte is needed. */
export type ObjectOpener = AsyncDisposable & {
  /** Objects opened ahead at most. */
  readonly objectsAhead: number;
  /** Plain bytes of objects opened ahead, at which no more are. */
  readonly bytesAhead: number;
  open(link: LinkData, object: StoredObject): PlainPieces;
};

/** Pieces that are read ahead of each object, of at most some hundred KiB. */
const piecesAhead = 8;

/** Reads in this thread: enough where there is little. `read` begins to read an object. */
export function openInThisThread(
  read: (link: LinkData, object: StoredObject) => AsyncIterable<Uint8Array>,
): ObjectOpener {
  return {
    objectsAhead: 8,
    bytesAhead: Number.POSITIVE_INFINITY,
    open: (link, object) => piecesOf(read(link, object)),
    async [Symbol.asyncDispose]() {},
  };
}

function piecesOf(plain: AsyncIterable<Uint8Array>): PlainPieces {
  const stream = Readable.from(plain, { objectMode: true, highWaterMark: piecesAhead });
  // What fails ahead of its need is thrown when the need comes.
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
