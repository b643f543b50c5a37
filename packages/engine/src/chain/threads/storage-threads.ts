import type { StorageUnit } from '../../storage/port.ts';
import type { ContentJob } from '../content/content-job.ts';
import type { BatchResult } from '../content/prove-batch.ts';
import type { StoredObject } from '../data.ts';
import type { StorageOpening } from './messages.ts';
import { type Reading, type ReadingListener, StorageThread } from './storage-thread.ts';

/** In which threads backups are read. */
export type ReadingThreads = {
  /** How each thread opens the storage unit. Null to read everything in the calling thread. */
  readonly opening: StorageOpening | null;
  readonly threadCount: number;
};

/**
 * Worker threads that read stored objects, each with its own storage client. `storage` admits every request, so it
 * respects the bucket's budget and is counted as if `storage` had made it. They start with the first piece of work and
 * stay until disposed of, because a start costs more than reading hundreds of small objects.
 */
export class StorageThreads implements AsyncDisposable {
  readonly threadCount: number;
  readonly #opening: StorageOpening;
  readonly #storage: StorageUnit;
  #threads: readonly StorageThread[] = [];

  constructor(opening: StorageOpening, storage: StorageUnit, threadCount: number) {
    this.#opening = opening;
    this.#storage = storage;
    this.threadCount = threadCount;
  }

  prove(bucketName: string, jobs: readonly ContentJob[]): Promise<BatchResult> {
    return this.#idlest().prove(bucketName, jobs);
  }

  /** Starts to read an object. Nothing is sent until bytes are requested. */
  read(bucketName: string, object: StoredObject, listener: ReadingListener): Reading {
    return this.#idlest().read(bucketName, object, listener);
  }

  /** Stops all work immediately. Threads start again if there is more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.end()));
  }

  #idlest(): StorageThread {
    if (this.#threads.length === 0) {
      const start = () => new StorageThread(this.#opening, this.#storage);
      this.#threads = Array.from({ length: this.threadCount }, start);
    }
    return this.#threads.reduce((one, other) => (other.load < one.load ? other : one));
  }
}

/** Null if everything is read in the calling thread. */
export function openReadingThreads(
  { opening, threadCount }: ReadingThreads,
  storage: StorageUnit,
): StorageThreads | null {
  return opening === null ? null : new StorageThreads(opening, storage, threadCount);
}
