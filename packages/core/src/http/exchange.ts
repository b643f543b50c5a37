import { BackupSyncError } from '@backup-sync/contracts';
import { aborted } from '../runtime.ts';

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Headers;
  /** JSON; empty where there is none. */
  readonly body: string;
};

/** Sends a request, and answers with the head of what comes back. Throws `unreachable`, or `aborted` by the signal. */
export async function send(request: HttpRequest, signal: AbortSignal | undefined): Promise<Response> {
  return await orUnreachable(request.url, signal, () =>
    fetch(request.url, {
      method: request.method,
      headers: request.headers,
      // A redirect would carry the credentials elsewhere.
      redirect: 'error',
      ...(request.body !== '' && { body: request.body }),
      ...(signal !== undefined && { signal }),
    }),
  );
}

/** The whole body of an answer. Throws `unreachable` where it was cut off, `aborted` by the signal. */
export async function readText(url: URL, response: Response, signal: AbortSignal | undefined): Promise<string> {
  return await orUnreachable(url, signal, () => response.text());
}

/**
 * Hands out a signal that aborts with the given one while `act` lasts. What `fetch` has hung on a signal stays there after
 * its end: on one that lives for a whole list that would pile up, and all be told at last.
 */
export async function underOwnSignal<T>(
  signal: AbortSignal | undefined,
  act: (own: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return await act(undefined);
  const own = new AbortController();
  const stop = () => own.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await act(own.signal);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function orUnreachable<T>(url: URL, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (signal?.aborted) throw aborted(signal);
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new BackupSyncError('unreachable', `${url.origin} does not answer: ${why}`, { cause: error });
  }
}
