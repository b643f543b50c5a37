import type { NoteBytes, StorageUnit } from '../../storage/port.ts';
import type { FromAskingStorage, ToAskingStorage } from './messages.ts';
import { packError, unpackError } from './sent-error.ts';

type Asked = Extract<FromAskingStorage, { readonly kind: 'ask' }>;

/** Admits the requests of one thread through the storage unit of this thread. */
export class RequestAdmission {
  readonly #storage: StorageUnit;
  readonly #send: (message: ToAskingStorage) => void;
  readonly #admitted = new Map<number, Promise<NoteBytes | null>>();
  /** Requests that the thread is making. */
  readonly #begun = new Map<number, PromiseWithResolvers<void>>();
  /** Called when the bytes of a request stop or continue to arrive. */
  readonly #listeners = new Map<number, (doCome: boolean) => void>();
  readonly #ended = new AbortController();

  constructor(storage: StorageUnit, send: (message: ToAskingStorage) => void) {
    this.#storage = storage;
    this.#send = send;
  }

  receive(message: FromAskingStorage): void {
    const { request } = message;
    if (message.kind === 'ask') this.#admitted.set(request, this.#admit(message));
    else if (message.kind === 'begun') {
      const begun = this.#begun.get(request);
      this.#begun.delete(request);
      if (message.error === null) begun?.resolve();
      else begun?.reject(unpackError(message.error));
    } else if (message.kind === 'bytes') this.#listeners.get(request)?.(message.doCome);
    else {
      this.#listeners.delete(request);
      const admitted = this.#admitted.get(request);
      this.#admitted.delete(request);
      void admitted?.then((note) => note?.(message.bytesRead));
    }
  }

  /** Call when the thread has ended. Its requests no longer count towards the budget. */
  end(reason: Error): void {
    this.#ended.abort(reason);
    for (const begun of this.#begun.values()) begun.reject(reason);
    this.#begun.clear();
  }

  /** Returns null if the request failed; the thread is notified. */
  async #admit({ request, bucket, of, subject }: Asked): Promise<NoteBytes | null> {
    const { signal } = this.#ended;
    const begin = () => this.#begin(request);
    const listen = (onBytes: (doCome: boolean) => void) => void this.#listeners.set(request, onBytes);
    try {
      return await this.#storage.admit({ bucket, kind: of, subject, signal, begin, listen });
    } catch (error) {
      this.#admitted.delete(request);
      this.#send({ kind: 'refuse', request, error: packError(error) });
      return null;
    }
  }

  #begin(request: number): Promise<void> {
    this.#ended.signal.throwIfAborted();
    const begun = Promise.withResolvers<void>();
    this.#begun.set(request, begun);
    this.#send({ kind: 'begin', request });
    return begun.promise;
  }
}
