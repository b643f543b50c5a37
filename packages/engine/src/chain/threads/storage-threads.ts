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
 * respects the bucket's budget and is counted as if `storage` had made it.
 */
export class StorageThreads implements AsyncDisposable {
  readonly #threads: readonly StorageThread[];

  constructor(opening: StorageOpening, storage: StorageUnit, threadCount: number) {
    this.#threads = Array.from({ length: threadCount }, () => new StorageThread(opening, storage));
  }

  prove(bucketName: string, jobs: readonly ContentJob[]): Promise<BatchResult> {
    return this.#idlest().prove(bucketName, jobs);
  }

  /** Starts to read an object. Nothing is sent until bytes are requested. */
  read(bucketName: string, object: StoredObject, listener: ReadingListener): Reading {
    return this.#idlest().read(bucketName, object, listener);
  }

  /** Stops all work immediately. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #idlest(): StorageThread {
    return this.#threads.reduce((one, other) => (other.load < one.load ? other : one));
  }
}
