import type { Problem } from './error-body.ts';
import { type ErrorCode, errors } from './error-code.ts';

/** Neighbours in a list, by their index; `last` is one of them. */
export type IndexRange = { readonly first: number; readonly last: number };

/** How far a list came that was sent in several calls, before it failed. */
export type ListProgress = {
  /** Items that the service has accepted, in rising order. */
  readonly accepted: readonly IndexRange[];
  /** Items that were sent, and not accepted; where no answer came, they may have been. In rising order. */
  readonly failed: readonly IndexRange[];
  /** Index of the first item that was not sent; all that follow it were not either. */
  readonly unsentFrom: number;
};

/** A call was refused. The message is meant for the caller: it never carries what an unknown fault said. */
export class BackupSyncError extends Error {
  override readonly name = 'BackupSyncError';
  readonly code: ErrorCode;
  /** Every problem of an invalid request with its place; empty for other codes. */
  readonly problems: readonly Problem[];
  /** Where a list of items failed on the way: which were accepted, and which not. Null elsewhere. */
  readonly progress: ListProgress | null;
  /** How long the caller should wait, milliseconds; null where it is not known. */
  readonly retryAfterMs: number | null;
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean;
  /** HTTP status of the answer; null if a client has none: nothing answered, or nothing was sent. */
  readonly status: number | null;
  /** By which whoever runs the service finds the call; null if no answer named it. */
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
