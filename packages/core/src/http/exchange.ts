import { BackupSyncError } from '@backup-sync/contracts';
import { timerMaxMs } from '../runtime.ts';
import { noAnswer } from './no-answer.ts';
import { orAborted } from './or-aborted.ts';

/** A request, ready to be sent. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Headers;
  /** JSON, or empty if there is no body. */
  readonly body: string;
};

/** HTTP options of a client: how it sends requests, its timeout and its retries. */
export type HttpOptions = {
  /**
   * Function that sends each request (default: the platform's `fetch`). It also limits the time to connect: Node's
   * gives up after 10 seconds, and browsers have their own limits. A call fails with the `BackupSyncError` that it
   * throws, and with `unreachable` for other errors.
   */
  readonly fetch?: Fetch | undefined;
  /**
   * Longest time without a byte from the service, milliseconds (default 60,000). After it, a call fails with
   * `response_timeout` and an event stream counts as broken. `Infinity` waits without limit.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Maximum number of retries of a call. By default 3 if nothing answers or the service is at fault, and 9 if it asks
   * for fewer calls. With 0, each call is made once. A list still waits while the backlog of its project is full.
   */
  readonly maxRetries?: number | undefined;
};

/** The part of `fetch` that a client uses. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** Throws `invalid_request` if an option is out of range. */
export function refuseMeaningless({ timeoutMs, maxRetries }: HttpOptions): void {
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    const message = `timeoutMs: ${timeoutMs} must be a number of milliseconds above 0`;
    throw new BackupSyncError('invalid_request', message);
  }
  if (maxRetries !== undefined && (!Number.isInteger(maxRetries) || maxRetries < 0)) {
    throw new BackupSyncError('invalid_request', `maxRetries: ${maxRetries} must be 0 or a positive whole number`);
  }
}

/** The head of an answer, and its body, which can be read once. */
export type HttpAnswer = Pick<Response, 'ok' | 'status' | 'headers'> & {
  /** Yields the body as it arrives. Throws the errors of {@link send}. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Reads the whole body. Throws the errors of {@link send}. */
  text(): Promise<string>;
  /** Drops the body unread. */
  discard(): Promise<void>;
};

const defaultTimeoutMs = 60_000;

/**
 * Sends a request and returns the head of the answer. Throws `connect_timeout`, `response_timeout` or `unreachable`,
 * and the signal's reason when the signal is aborted.
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
      // A redirect would send the credentials to another address.
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

/** One request and its answer. It ends when the caller aborts it or the service has sent nothing for too long. */
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

  /** Signal for `fetch`. It leaves its listeners on a signal; on the caller's, they would pile up over a long list. */
  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /** Waits for the next bytes from the service. */
  async waitFor<T>(wait: () => Promise<T>): Promise<T> {
    const silent = () => {
      const message = `${this.#url.origin} sent nothing for ${this.#timeoutMs / 1000} s`;
      this.#own.abort(new BackupSyncError('response_timeout', message));
    };
    const timer = setTimeout(silent, Math.min(this.#timeoutMs, timerMaxMs));
    try {
      // A caller's `fetch` may ignore the signal.
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
      // After a failure this fails too, which says nothing new.
      await reader?.cancel().catch(() => {});
    }
  }

  /** Stops listening to the caller's signal. */
  end(): void {
    this.#caller?.removeEventListener('abort', this.#stop);
  }
}
