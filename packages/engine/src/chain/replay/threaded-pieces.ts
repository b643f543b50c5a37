import type { StoredObject } from '../data.ts';
import type { PieceSlot } from '../threads/piece-memory.ts';
import type { Reading } from '../threads/storage-thread.ts';
import type { StorageThreads } from '../threads/storage-threads.ts';
import { untilAborted } from '../until-aborted.ts';
import type { ObjectOpener, PlainPieces } from './plain-pieces.ts';
import { ReadWindow, type WindowShare } from './read-window.ts';

/** Plain bytes read ahead per thread, over all objects. */
const bytesAheadPerThread = 8 * 1024 * 1024;
const bytesAheadMax = 32 * 1024 * 1024;
const objectsAhead = 64;

/** Reads, decompresses and hashes in threads, ahead within a window of bytes. Ends the threads when disposed. */
export function openInThreads(threads: StorageThreads, threadCount: number, signal: AbortSignal): ObjectOpener {
  const bytesAhead = Math.min(threadCount * bytesAheadPerThread, bytesAheadMax);
  const window = new ReadWindow(bytesAhead);
  return {
    objectsAhead,
    bytesAhead,
    open: (link, object) => new ThreadedPieces(threads, link.location.bucketName, object, { window, signal }),
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  };
}

class ThreadedPieces implements PlainPieces {
  readonly #window: ReadWindow;
  readonly #share: WindowShare;
  readonly #signal: AbortSignal;
  readonly #reading: Reading;
  readonly #pieces: PieceSlot[] = [];
  /** The piece returned last, which the caller may still read. */
  #taken: PieceSlot | null = null;
  #hasEnded = false;
  #error: Error | null = null;
  #changed = Promise.withResolvers<void>();

  constructor(
    threads: StorageThreads,
    bucketName: string,
    object: StoredObject,
    { window, signal }: { readonly window: ReadWindow; readonly signal: AbortSignal },
  ) {
    this.#signal = signal;
    this.#reading = threads.read(bucketName, object, {
      onPiece: (piece) => {
        this.#pieces.push(piece);
        this.#wake();
      },
      onEnd: (error) => {
        this.#hasEnded = true;
        this.#error = error;
        this.#wake();
      },
    });
    this.#window = window;
    this.#share = window.open(object.length, (bytes) => this.#reading.send(bytes));
  }

  async next(): Promise<Uint8Array | null> {
    while (this.#pieces.length === 0 && !this.#hasEnded) await untilAborted(this.#changed.promise, this.#signal);
    this.#free();
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      this.#taken = piece;
      this.#window.take(this.#share, piece.bytes.length);
      return piece.bytes;
    }
    this.close();
    if (this.#error !== null) throw this.#error;
    return null;
  }

  close(): void {
    this.#window.close(this.#share);
    this.#reading.drop();
    this.#free();
    for (const piece of this.#pieces.splice(0)) this.#reading.free(piece);
  }

  #free(): void {
    if (this.#taken !== null) this.#reading.free(this.#taken);
    this.#taken = null;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
