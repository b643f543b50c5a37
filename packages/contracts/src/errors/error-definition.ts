/** What is known of an error: a permanent number, the HTTP status of its answer, whether to retry, and what to do. */
export type ErrorDefinition = {
  /** Permanent: never reused, never changed. */
  readonly number: `BackupSync.${number}`;
  readonly httpStatus: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 429 | 431 | 500 | 501 | 502 | 503;
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean;
  readonly remedy: string;
  /** Exit code of the command line: 1 usage or failure, 4 not authorised, 5 not reachable, 130 interrupted. */
  readonly exitCode: 1 | 4 | 5 | 130;
};
