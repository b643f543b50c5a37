import type { Worker } from 'node:worker_threads';
import { startThread } from '../../start-thread.ts';
import type { StorageUnit } from '../../storage/port.ts';
import type { ContentJob } from '../content/content-job.ts';
import type { BatchResult } from '../content/prove-batch.ts';
import type { StoredObject } from '../data.ts';
import { type FromThread, type StorageOpening, type ToThread, unpackResult } from './messages.ts';
import type { PieceSlot } from './piece-memory.ts';
import { RequestAdmission } from './request-admission.ts';
import { unpackError } from './sent-error.ts';

/** Callbacks for an object that a thread reads. */
export type ReadingListener = {
  /** Gets the next plain bytes, in order. */
  readonly onPiece: (piece: PieceSlot) => void;
  /** Called at the end: null if the object was read completely and is right, otherwise the error. */
  readonly onEnd: (error: Error | null) => void;
};

/** An object that a thread is reading. It sends bytes only on request. */
export type Reading = {
  /** Requests this many more bytes. */
  send(bytes: number): void;
  /** Gives the memory of a piece back, for the pieces to come. */
  free(piece: PieceSlot): void;
  /** Stops reading. No callback is called afterwards. */
  drop(): void;
};

/** A worker thread that reads with its own storage client. `storage` admits its requests. */
export class StorageThread {
  readonly #worker: Worker;
  readonly #admission: RequestAdmission;
  readonly #proving = new Map<number, (result: BatchResult) => void>();
  readonly #reading = new Map<number, ReadingListener>();
  /** The memory that the thread shares with this one, by slot. */
  readonly #slots: SharedArrayBuffer[] = [];
  /** Slots that go back to the thread with the next message. */
  #free: number[] = [];
  #lastId = 0;
  /** The error that ended the thread; null while it works. */
  #failed: Error | null = null;

  constructor(opening: StorageOpening, storage: StorageUnit) {
    this.#worker = startThread(import.meta.url, 'thread', opening);
    this.#admission = new RequestAdmission(storage, (message) => this.#post(message));
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.once('error', (error) => this.#fail(error));
    this.#worker.once('exit', () => this.#fail(new Error('The thread that reads the backup has ended.')));
  }

  /** Number of batches and objects in progress. */
  get load(): number {
    return this.#proving.size + this.#reading.size;
  }

  prove(bucketName: string, jobs: readonly ContentJob[]): Promise<BatchResult> {
    const id = this.#nextId();
    return new Promise((resolve) => {
      if (this.#failed !== null) return resolve(failedWith(this.#failed));
      this.#proving.set(id, resolve);
      this.#post({ kind: 'prove', id, bucketName, jobs });
    });
  }

  read(bucketName: string, object: StoredObject, listener: ReadingListener): Reading {
    const id = this.#nextId();
    if (this.#failed !== null) {
      listener.onEnd(this.#failed);
      return { send() {}, free() {}, drop() {} };
    }
    this.#reading.set(id, listener);
    this.#post({ kind: 'read', id, bucketName, object, free: this.#takeFree() });
    return {
      send: (bytes) => this.#post({ kind: 'send', id, bytes, free: this.#takeFree() }),
      free: ({ slot }) => void this.#free.push(slot),
      drop: () => {
        if (this.#reading.delete(id)) this.#post({ kind: 'drop', id });
      },
    };
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #takeFree(): readonly number[] {
    const free = this.#free;
    this.#free = [];
    return free;
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case 'proved':
        this.#proving.get(message.id)?.(unpackResult(message.result));
        this.#proving.delete(message.id);
        break;
      case 'piece': {
        const { slot, length } = message;
        this.#slots.push(...message.added);
        const memory = this.#slots[slot];
        const listener = this.#reading.get(message.id);
        if (listener === undefined || memory === undefined) this.#free.push(slot);
        else listener.onPiece({ slot, bytes: new Uint8Array(memory, 0, length) });
        break;
      }
      case 'end': {
        const listener = this.#reading.get(message.id);
        this.#reading.delete(message.id);
        listener?.onEnd(message.error === null ? null : unpackError(message.error));
        break;
      }
      default:
        this.#admission.receive(message);
    }
  }

  #fail(error: Error): void {
    if (this.#failed !== null) return;
    this.#failed = error;
    this.#admission.end(error);
    for (const settle of this.#proving.values()) settle(failedWith(error));
    this.#proving.clear();
    for (const { onEnd } of this.#reading.values()) onEnd(error);
    this.#reading.clear();
  }
}

function failedWith(error: Error): BatchResult {
  return { objects: 0, storedBytes: 0, plainBytes: 0, failure: { kind: 'error', error } };
}
