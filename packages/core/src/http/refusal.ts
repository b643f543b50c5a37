import { BackupSyncError, type ErrorCode, errorCodeOf } from '@backup-sync/contracts';
import { z } from 'zod';
import { traceOf } from './trace.ts';

/** The refusal of a call by a service. */
export type Refusal = {
  readonly error: BackupSyncError;
  readonly status: number;
  /** Whether the service asks for fewer calls, whatever the status. */
  readonly throttled: boolean;
  /** Whether the error number is one of backup-sync. */
  readonly ours: boolean;
  /** From `Retry-After`, milliseconds; null if it is missing. */
  readonly retryAfterMs: number | null;
};

/** Error code of the API gateways of clouds when they throttle. */
const cloudThrottled = 'APIGW.0308';

/** The forms of error bodies in CBR-compatible services: at the top level or inside `error`. */
const refusalBody = z.object({
  error_code: z.string().optional(),
  errorCode: z.string().optional(),
  code: z.union([z.string(), z.number()]).optional(),
  error_msg: z.string().optional(),
  errorMsg: z.string().optional(),
  message: z.string().optional(),
  request_id: z.string().optional(),
  problems: z.array(z.object({ place: z.string(), message: z.string() })).optional(),
});
const nestedRefusalBody = z.object({ error: refusalBody });

/** Reads an answer with a status other than 2xx; `text` is its body. */
export function readRefusal(
  url: URL,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  text: string,
  nowMs: number,
): Refusal {
  const body = parseJson(text);
  const outer = refusalBody.safeParse(body).data;
  const said = outer?.error_code === undefined ? (nestedRefusalBody.safeParse(body).data?.error ?? outer) : outer;
  const number = String(said?.error_code ?? said?.errorCode ?? said?.code ?? '');
  const message = said?.error_msg ?? said?.errorMsg ?? said?.message ?? `${url.origin} answered with status ${status}`;
  const known = errorCodeOf(number);
  // A full backlog refuses one kind of call; the other calls need not slow down.
  const isBacklog = known === 'backlog_full';
  const throttled = known === 'throttled' || number === cloudThrottled || (status === 429 && !isBacklog);
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), nowMs);
  // A browser hides the headers from a page of another origin, so the body is the fallback.
  const requestId = traceOf({ status, headers }).requestId ?? said?.request_id ?? null;
  return {
    error: new BackupSyncError(
      known ?? (throttled ? 'throttled' : codeOfStatus(status)),
      // The operator of the service needs this id to find the call.
      status >= 500 && requestId !== null ? `${message} (X-Request-Id ${requestId})` : message,
      { problems: said?.problems ?? [], retryAfterMs, status, requestId },
    ),
    status,
    throttled: throttled || status === 503,
    ours: known !== undefined,
    retryAfterMs,
  };
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return 'not_authenticated';
  if (status === 403) return 'role_not_allowed';
  if (status === 501) return 'not_supported';
  if (status >= 500) return 'unavailable';
  return 'refused';
}

/** Reads seconds or an HTTP date. Returns milliseconds. */
function readRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** Parses JSON; undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
