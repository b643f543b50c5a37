import { BackupSyncError } from '@backup-sync/contracts';
import type { Authorization } from '../credentials/authorization.ts';
import type { Runtime } from '../runtime.ts';
import { AdaptiveLimit, type Place } from './adaptive-limit.ts';
import { type HttpAnswer, type HttpOptions, type HttpRequest, refuseMeaningless, send } from './exchange.ts';
import { isNoAnswer } from './no-answer.ts';
import { parseJson, type Refusal, readRefusal } from './refusal.ts';
import { type Backoff, backoffMs, faultBackoff, longestWaitMs, throttleBackoff } from './retry.ts';
import { traceOf } from './trace.ts';

/** One call of the API. */
export type Call = {
  readonly method: HttpRequest['method'];
  readonly url: URL;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Whether sending it twice has the same effect as sending it once. */
  readonly repeatable: boolean;
  /** Maps a refusal to the error to throw (default: the refusal's own). */
  readonly errorOf?: (refusal: Refusal) => BackupSyncError;
  readonly signal?: AbortSignal | undefined;
};

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: unknown };

type Failed = { readonly error: BackupSyncError; readonly refusal: Refusal | null; readonly sent: Headers };

/**
 * Calls one service as one caller, at the pace that the service accepts. If the service asks for fewer calls, the call
 * is retried later. A repeatable call is retried if nothing answers or the service is at fault. A refused token is
 * renewed once.
 */
export class Transport {
  readonly #authorization: Authorization;
  readonly #runtime: Runtime;
  readonly #http: HttpOptions;
  readonly #limit: AdaptiveLimit;
  #hasAnswered = false;

  constructor(authorization: Authorization, runtime: Runtime, http: HttpOptions) {
    this.#authorization = authorization;
    this.#runtime = runtime;
    this.#http = http;
    refuseMeaningless(http);
    this.#limit = new AdaptiveLimit(runtime);
  }

  /**
   * Makes a call and returns its answer. Throws the error of the service, `unreachable`, `connect_timeout`,
   * `response_timeout` or `unexpected_answer`, and the signal's reason when the signal is aborted.
   */
  async call(call: Call): Promise<Answer> {
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(call, attempt);
      if ('body' in outcome) return outcome;
      const { error, refusal, sent } = outcome;
      if (refusal?.status === 401 && !renewed && this.#authorization.renew(sent)) {
        renewed = true;
      } else if (error.code === 'throttled' && attempt < this.#attempts(throttleBackoff) && canWait(refusal)) {
        // No pause here: the limit admits the next attempt when the service accepts calls again.
      } else if (this.#isWorthRepeating(call, error) && attempt < this.#attempts(faultBackoff) && canWait(refusal)) {
        const waitMs = backoffMs(faultBackoff, attempt, this.#runtime.random());
        if (!refusal?.throttled) await this.#runtime.sleep(waitMs, call.signal);
      } else {
        throw error;
      }
    }
  }

  /**
   * Opens a stream and returns the head of the answer, or the refusal. Retries only once, with a new token after a 401.
   * Throws `unreachable`, `connect_timeout` or `response_timeout`, and the signal's reason when the signal is aborted.
   */
  async open(
    url: URL,
    accept: string,
    signal: AbortSignal,
  ): Promise<{ readonly answer: HttpAnswer } | { readonly refusal: Refusal }> {
    const request = { method: 'GET', url, body: '', accept } as const;
    const first = await this.#send(request, signal);
    let { answer } = first;
    if (answer.status === 401 && this.#authorization.renew(first.sent)) {
      await answer.discard();
      answer = (await this.#send(request, signal)).answer;
    }
    if (answer.ok) return { answer };
    return { refusal: readRefusal(url, answer, await answer.text(), this.#runtime.nowMs()) };
  }

  async #attempt(call: Call, attempt: number): Promise<Answer | Failed> {
    const place = await this.#limit.take(call.signal);
    let sent = new Headers();
    try {
      const body = call.body === undefined ? '' : JSON.stringify(call.body);
      const exchange = await this.#send({ ...call, body, accept: 'application/json' }, call.signal);
      sent = exchange.sent;
      const { answer } = exchange;
      const text = await answer.text();
      this.#hasAnswered = true;
      if (answer.ok) {
        this.#limit.grow();
        const { status, headers } = answer;
        return { status, headers, body: parseAnswer(call.url, answer, text) };
      }
      const refusal = readRefusal(call.url, answer, text, this.#runtime.nowMs());
      if (refusal.throttled && canWait(refusal)) this.#slowDown(place, attempt, refusal);
      return { error: call.errorOf?.(refusal) ?? refusal.error, refusal, sent };
    } catch (error) {
      call.signal?.throwIfAborted();
      if (error instanceof BackupSyncError) return { error, refusal: null, sent };
      throw error;
    } finally {
      this.#limit.leave();
    }
  }

  async #send(
    request: { readonly method: Call['method']; readonly url: URL; readonly body: string; readonly accept: string },
    signal: AbortSignal | undefined,
  ): Promise<{ answer: HttpAnswer; sent: Headers }> {
    const { method, url, body, accept } = request;
    const headers = new Headers({ accept });
    if (body !== '') headers.set('content-type', 'application/json');
    const authorized = await this.#authorization.authorize({ method, url, headers, body }, signal);
    return { answer: await send({ method, url, headers: authorized, body }, this.#http, signal), sent: authorized };
  }

  #isWorthRepeating(call: Call, error: BackupSyncError): boolean {
    // A service that has never answered is silent, not slow. Retries would only make the caller wait four times as
    // long.
    const isSilent = isNoAnswer(error) && error.code !== 'unreachable' && !this.#hasAnswered;
    // Room in a backlog takes longer than a few attempts; the code that sends lists waits for it.
    const takesLonger = error.code === 'backlog_full';
    return call.repeatable && !isSilent && !takesLonger && error.retryable;
  }

  /** Attempts in total, including the first. */
  #attempts(backoff: Backoff): number {
    return this.#http.maxRetries === undefined ? backoff.attempts : 1 + this.#http.maxRetries;
  }

  #slowDown(place: Place, attempt: number, { retryAfterMs }: Refusal): void {
    const ownMs = backoffMs(throttleBackoff, attempt, this.#runtime.random());
    // Wait longer than the service asks, so that not all clients come back at the same moment.
    this.#limit.slowDown(place, retryAfterMs === null ? ownMs : retryAfterMs + ownMs / 2);
  }
}

function canWait(refusal: Refusal | null): boolean {
  return (refusal?.retryAfterMs ?? 0) <= longestWaitMs;
}

function parseAnswer(url: URL, answer: HttpAnswer, text: string): unknown {
  const body = parseJson(text);
  if (body === undefined && text !== '') {
    const message = `the answer of ${url.origin} is not JSON`;
    throw new BackupSyncError('unexpected_answer', message, traceOf(answer));
  }
  return body;
}
