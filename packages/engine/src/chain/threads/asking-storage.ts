import { type AskLeave, askBeforeRequests } from '../../storage/asked-storage-unit.ts';
import type { GetRequest, ObjectContent, OutsideRequest, StorageUnit } from '../../storage/port.ts';
import { silentAfterMs } from '../../storage/watched-bucket.ts';
import type { FromAskingStorage, ToAskingStorage } from './messages.ts';
import { packError, type SentError, unpackError } from './sent-error.ts';

type Asked = { readonly begin: () => void; readonly refuse: (error: SentError) => void };

/**
 * A thread's own storage unit. It asks the thread that started it before each request and reports what was read, so
 * that the bucket's budget and the operation's counts cover all threads together.
 */
export class AskingStorage {
  readonly unit: StorageUnit;
  readonly #send: (message: FromAskingStorage) => void;
  readonly #asked = new Map<number, Asked>();
  #lastRequest = 0;

  constructor(unit: StorageUnit, send: (message: FromAskingStorage) => void) {
    this.#send = send;
    this.unit = { ...askBeforeRequests(unit, this.#askOnce), get: (request) => this.#get(unit, request) };
  }

  receive(message: ToAskingStorage): void {
    const asked = this.#asked.get(message.request);
    if (message.kind === 'begin') asked?.begin();
    else asked?.refuse(message.error);
  }

  /** Reports 0 bytes, because a page of a listing counts none. */
  readonly #askOnce: AskLeave = async (wanted, make) => {
    const { request, answer } = await this.#ask(wanted, make);
    this.#send({ kind: 'done', request, bytesRead: 0 });
    return answer;
  };

  async #get(unit: StorageUnit, wanted: GetRequest): Promise<ObjectContent> {
    const { request, answer } = await this.#ask({ kind: 'get', bucket: wanted.bucket, subject: wanted.key }, () =>
      unit.get(wanted),
    );
    return { ...answer, body: this.#tellOf(answer.body, request) };
  }

  async *#tellOf(body: AsyncIterable<Uint8Array>, request: number): AsyncGenerator<Uint8Array> {
    let bytesRead = 0;
    let isWaiting = true;
    let doCome = true;
    const tell = (now: boolean) => {
      if (doCome === now) return;
      doCome = now;
      this.#send({ kind: 'bytes', request, doCome });
    };
    // If the reader is slow, no bytes are requested, and storage is not silent.
    const silence = setTimeout(() => tell(!isWaiting), silentAfterMs);
    try {
      for await (const piece of body) {
        isWaiting = false;
        tell(true);
        bytesRead += piece.length;
        yield piece;
        isWaiting = true;
        silence.refresh();
      }
    } finally {
      clearTimeout(silence);
      this.#send({ kind: 'done', request, bytesRead });
    }
  }

  #ask<Answer>(
    { kind: of, bucket, subject }: Pick<OutsideRequest, 'kind' | 'bucket' | 'subject'>,
    make: () => Promise<Answer>,
  ): Promise<{ readonly request: number; readonly answer: Answer }> {
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    const { promise, resolve, reject } = Promise.withResolvers<{ request: number; answer: Answer }>();
    const begin = async () => {
      try {
        const answer = await make();
        this.#send({ kind: 'begun', request, error: null });
        resolve({ request, answer });
      } catch (error) {
        // The thread that admits requests decides whether to retry.
        this.#send({ kind: 'begun', request, error: packError(error) });
      }
    };
    this.#asked.set(request, { begin: () => void begin(), refuse: (error) => reject(unpackError(error)) });
    this.#send({ kind: 'ask', request, bucket, subject, of });
    return promise.finally(() => this.#asked.delete(request));
  }
}
