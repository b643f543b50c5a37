import type { StorageUnit } from '../../storage/port.ts';
import type { ContentJob } from '../content/content-job.ts';
import type { BatchResult } from '../content/prove-batch.ts';
import type { StoredObject } from '../data.ts';
import type { StorageOpening } from './messages.ts';
import { type Reading, type ReadingListener, StorageThread } from './storage-thread.ts';

/** Where backups are read. */
export type ReadingThreads = {
  /** How each thread opens the storage unit. Null: everything is read in the calling thread. */
  readonly opening: StorageOpening | null;
  readonly threadCount: number;
};

/**
 * Worker threads that read what is stored, each with a storage client of its own. Every request of theirs is admitted by
 * `storage`: it keeps to the bucket's budget and is counted, as though it were made there.
 */
export class StorageThreads implements AsyncDisposable {
  readonly #threads: readonly StorageThread[];

  constructor(opening: StorageOpening, storage: StorageUnit, threadCount: number) {
    this.#threads = Array.from({ length: threadCount }, () => new StorageThread(opening, storage));
  }

  prove(bucketName: string, jobs: readonly ContentJob[]): Promise<BatchResult> {
    return this.#idlest().prove(bucketName, jobs);
  }

  /** Begins to read an object; nothing comes before some bytes are asked for. */
  read(bucketName: string, object: StoredObject, listener: ReadingListener): Reading {
    return this.#idlest().read(bucketName, object, listener);
  }

  /** Ends what goes on, at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #idlest(): StorageThread {
    return this.#threads.reduce((one, other) => (other.load < one.load ? other : one));
  }
}
