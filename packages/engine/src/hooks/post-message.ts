import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as requestPlain,
} from 'node:http';
import { request, Agent as TlsAgent } from 'node:https';
import type { Network } from '../network.ts';
import { type AddressGuard, AddressRefusedError } from './address-guard.ts';

/** Bytes of an answer that are read, so that the receiver can end it in the normal way. The rest is cut off. */
const answerMaxBytes = 16 * 1024;
/** Longest time that `Retry-After` is followed, in milliseconds. */
const retryAfterMaxMs = 24 * 60 * 60 * 1000;

/** The result of sending a message once. */
export type PostResult = {
  readonly isDelivered: boolean;
  /** Whether the receiver wants no more messages. */
  readonly isGone: boolean;
  /** What the receiver answered, or why it could not be reached. */
  readonly answer: string;
  /** How long the receiver asks to wait, in milliseconds; null if it does not. */
  readonly retryAfterMs: number | null;
};

export type PostOptions = {
  readonly guard: AddressGuard;
  /** The forward proxies to use; null for none. With a proxy, only the proxy can guard names. */
  readonly proxies: Network['proxies'];
  readonly timeoutMs: number;
  /** Aborted when the result is no longer wanted. */
  readonly signal: AbortSignal;
};

/** Sends a message once. Never throws: whatever the receiver does is a result. */
export async function postMessage(
  address: string,
  message: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
  options: PostOptions,
): Promise<PostResult> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  try {
    const url = new URL(address);
    options.guard.check(url);
    const answer = await send(url, message, options, AbortSignal.any([timeout, options.signal]));
    return resultOf(answer);
  } catch (error) {
    const seconds = Math.round(options.timeoutMs / 1000);
    return failed(timeout.aborted ? `no answer within ${seconds} s` : causeOf(error), null);
  }
}

async function send(
  url: URL,
  { body, headers }: Parameters<typeof postMessage>[1],
  { guard, proxies }: PostOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const agentOptions = { keepAlive: false, ...(proxies !== null && { proxyEnv: proxies }) };
  const isPlain = url.protocol === 'http:';
  const agent = isPlain ? new PlainAgent(agentOptions) : new TlsAgent(agentOptions);
  const asking = (isPlain ? requestPlain : request)(url, {
    agent,
    method: 'POST',
    signal,
    lookup: guard.lookupFor(url),
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'backup-sync',
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  asking.on('error', reject).on('response', resolve).end(body);
  const answer = await promise;
  // The status decides. What happens to the rest of the answer changes nothing.
  asking.on('error', () => {});
  await readSome(answer).catch(() => {});
  answer.destroy();
  return answer;
}

async function readSome(answer: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes > answerMaxBytes) return;
  }
}

function resultOf({ statusCode = 0, headers }: IncomingMessage): PostResult {
  const answer = `answered ${statusCode}`;
  if (statusCode >= 200 && statusCode < 300) {
    return { isDelivered: true, isGone: false, answer, retryAfterMs: null };
  }
  if (statusCode === 410) return { isDelivered: false, isGone: true, answer, retryAfterMs: null };
  const isRedirect = statusCode >= 300 && statusCode < 400;
  return failed(isRedirect ? `${answer}, and redirects are not followed` : answer, waitIn(headers));
}

function failed(answer: string, retryAfterMs: number | null): PostResult {
  return { isDelivered: false, isGone: false, answer, retryAfterMs };
}

/** The wait in `Retry-After`: seconds, or a date by the clock of the receiver. */
function waitIn({ 'retry-after': retryAfter = '', date = '' }: IncomingHttpHeaders): number | null {
  const waitMs = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.parse(date);
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(0, waitMs), retryAfterMaxMs);
}

/** Why a receiver cannot be reached. Not the message of the error: it may repeat the address, which may have a secret. */
function causeOf(error: unknown): string {
  if (error instanceof AddressRefusedError) return error.message;
  if (!(error instanceof Error)) return 'could not be sent';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return causes[code] ?? `could not be sent (${code})`;
}

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed without an answer',
  ENOTFOUND: 'the name of the host does not exist',
  EAI_AGAIN: 'the name of the host could not be resolved',
  ABORT_ERR: 'the server stopped meanwhile',
};
