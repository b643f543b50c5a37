/** The fixed part of an error: its permanent number, its HTTP status, whether to retry, and what to do. */
export type ErrorDefinition = {
  /** Permanent: never reused, never changed. */
  readonly number: `BackupSync.${number}`;
  readonly httpStatus: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 429 | 431 | 500 | 501 | 502 | 503;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** What to do, in imperative sentences that hold for REST and for the command line. */
  readonly remedy: string;
  /** Exit code of the command line: 1 usage or failure, 4 not authorised, 5 unreachable, 130 interrupted. */
  readonly exitCode: 1 | 4 | 5 | 130;
};
