import { BackupSyncError } from '@backup-sync/contracts';
import { timerMaxMs } from '../runtime.ts';
import { noAnswer } from './no-answer.ts';
import { orAborted } from './or-aborted.ts';

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Headers;
  /** JSON; empty where there is none. */
  readonly body: string;
};

/** How a client sends requests, how long it waits for answers, and how often it tries. */
export type HttpOptions = {
  /**
   * Sends each request; by default the platform's `fetch`. How long connecting may take is up to it: Node's fails after 10
   * seconds, browsers have limits of their own.
   */
  readonly fetch?: Fetch | undefined;
  /**
   * Milliseconds without a byte from the service after which a call fails with `response_timeout`, and a stream of events
   * counts as broken (default 60,000). `Infinity` waits for ever.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How often a call is repeated at most after it has failed (default 3 if nothing answers or the service is at fault, 9 if
   * it asks for fewer calls). 0: each call is made once. A list waits for room in a full backlog all the same.
   */
  readonly maxRetries?: number | undefined;
};

/** As much of `fetch` as a client uses. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** Throws `invalid_request` for options that cannot be meant. */
export function refuseMeaningless({ timeoutMs, maxRetries }: HttpOptions): void {
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    const message = `timeoutMs: ${timeoutMs} is not a number of milliseconds above 0`;
    throw new BackupSyncError('invalid_request', message);
  }
  if (maxRetries !== undefined && (!Number.isInteger(maxRetries) || maxRetries < 0)) {
    throw new BackupSyncError('invalid_request', `maxRetries: ${maxRetries} is not a whole number from 0 on`);
  }
}

/** The head of an answer, and its body, which is read once. */
export type HttpAnswer = Pick<Response, 'ok' | 'status' | 'headers'> & {
  /** Yields the body as it arrives. Throws what {@link send} throws. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** The whole body. Throws what {@link send} throws. */
  text(): Promise<string>;
  /** Drops the body unread. */
  discard(): Promise<void>;
};

const defaultTimeoutMs = 60_000;

/**
 * Sends a request and returns the head of the answer. Throws `connect_timeout`, `response_timeout` or `unreachable`, and
 * the reason of the signal once that is aborted.
 */
export async function send(
  { url, method, headers, body }: HttpRequest,
  { fetch = globalThis.fetch, timeoutMs = defaultTimeoutMs }: HttpOptions,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  const exchange = new Exchange(url, timeoutMs, signal);
  const response = await exchange.waitFor(() =>
    fetch(url, {
      method,
      headers,
      // A redirect would carry the credentials elsewhere.
      redirect: 'error',
      ...(body !== '' && { body }),
      signal: exchange.signal,
    }),
  );
  const chunks = () => exchange.read(response.body);
  return {
    ok: response.ok,
    status: response.status,
    headers: response.headers,
    chunks,
    async text() {
      const decoder = new TextDecoder();
      let text = '';
      for await (const chunk of chunks()) text += decoder.decode(chunk, { stream: true });
      return text + decoder.decode();
    },
    async discard() {
      exchange.end();
      await response.body?.cancel();
    },
  };
}

/** One request and its answer. It ends when the caller aborts it, or when the service has sent nothing for too long. */
class Exchange {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #caller: AbortSignal | undefined;
  readonly #own = new AbortController();
  readonly #stop = () => this.#own.abort(this.#caller?.reason);

  constructor(url: URL, timeoutMs: number, caller: AbortSignal | undefined) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#caller = caller;
    if (caller?.aborted) this.#stop();
    caller?.addEventListener('abort', this.#stop, { once: true });
  }

  /** For `fetch`, which leaves its listeners on a signal: on the caller's, they would pile up over a long list. */
  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /** Waits for the next bytes of the service. */
  async waitFor<T>(wait: () => Promise<T>): Promise<T> {
    const silent = () => {
      const message = `${this.#url.origin} sent nothing for ${this.#timeoutMs / 1000} s`;
      this.#own.abort(new BackupSyncError('response_timeout', message));
    };
    const timer = setTimeout(silent, Math.min(this.#timeoutMs, timerMaxMs));
    try {
      // A caller's own `fetch` may not heed the signal that it is given.
      return await orAborted(wait(), this.signal);
    } catch (error) {
      this.end();
      throw this.#own.signal.aborted ? this.#own.signal.reason : noAnswer(this.#url, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async *read(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
    const reader = body?.getReader();
    try {
      while (reader !== undefined) {
        const { done, value } = await this.waitFor(() => reader.read());
        if (done) return;
        yield value;
      }
    } finally {
      this.end();
      // After a failure it fails as well, which says nothing new.
      await reader?.cancel().catch(() => {});
    }
  }

  /** Lets go of the caller's signal. */
  end(): void {
    this.#caller?.removeEventListener('abort', this.#stop);
  }
}
