import type { Problem } from './error-body.ts';
import { type ErrorCode, errors } from './error-code.ts';

/** Consecutive items of a list by index, both ends included. */
export type IndexRange = { readonly first: number; readonly last: number };

/** Progress of a list that was sent in several calls, one of which failed. */
export type ListProgress = {
  /** Items that the service has accepted, in ascending order. */
  readonly accepted: readonly IndexRange[];
  /** Items that were sent but not accepted, in ascending order. If no answer came, they may have been accepted. */
  readonly failed: readonly IndexRange[];
  /** Index of the first item that was not sent. No item after it was sent. */
  readonly unsentFrom: number;
};

/** A refused or failed call. Its message is meant for the caller and never contains the text of an unknown fault. */
export class BackupSyncError extends Error {
  override readonly name = 'BackupSyncError';
  readonly code: ErrorCode;
  /** Every problem of an invalid request, with its place. Empty for other codes. */
  readonly problems: readonly Problem[];
  /** Progress of a list that was sent in several calls; null for other calls. */
  readonly progress: ListProgress | null;
  /** Time that the caller should wait, in milliseconds; null if unknown. */
  readonly retryAfterMs: number | null;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** HTTP status of the answer; null if there was no answer or nothing was sent. */
  readonly status: number | null;
  /** Id with which the service's operator finds the call; null if no answer named it. */
  readonly requestId: string | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      problems?: readonly Problem[];
      progress?: ListProgress | null;
      retryAfterMs?: number | null;
      status?: number | null;
      requestId?: string | null;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
    this.progress = options.progress ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.retryable = errors[code].retryable;
    this.status = options.status ?? null;
    this.requestId = options.requestId ?? null;
  }
}
