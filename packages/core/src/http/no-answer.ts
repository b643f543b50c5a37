import { BackupSyncError, causesOf, type ErrorCode, untrustedCertificate } from '@backup-sync/contracts';

const codes: ReadonlySet<ErrorCode> = new Set(['unreachable', 'connect_timeout', 'response_timeout']);

/** Whether an error means that a service gave no answer, or only part of one. */
export function isNoAnswer(error: unknown): error is BackupSyncError {
  return error instanceof BackupSyncError && codes.has(error.code);
}

/** Returns the error for a failed `fetch` or a failed read of a body: the error itself if it is one of this API. */
export function noAnswer({ origin }: URL, error: unknown): BackupSyncError {
  if (error instanceof BackupSyncError) return error;
  const causes = causesOf(error);
  const names = new Set(causes.map((cause) => property(cause, 'code')));
  const why = causes.map((cause) => cause.message).findLast((message) => message !== '') ?? String(error);
  const options = { cause: error };
  // If one of several addresses refuses, that says more than no answer from the others.
  if (names.has('ECONNREFUSED')) {
    return new BackupSyncError('unreachable', `${origin} refused the connection (${why})`, options);
  }
  const isConnecting = causes.some((cause) => property(cause, 'syscall') === 'connect');
  if (names.has('UND_ERR_CONNECT_TIMEOUT') || (names.has('ETIMEDOUT') && isConnecting)) {
    return new BackupSyncError('connect_timeout', `could not connect to ${origin} in time (${why})`, options);
  }
  // Node's own limits, which apply if `timeoutMs` is longer.
  if (names.has('UND_ERR_HEADERS_TIMEOUT') || names.has('UND_ERR_BODY_TIMEOUT')) {
    return new BackupSyncError('response_timeout', `${origin} sent nothing for too long (${why})`, options);
  }
  if (names.has('ECONNRESET') || names.has('EPIPE') || names.has('UND_ERR_SOCKET')) {
    const message = `${origin} closed the connection before its answer was complete (${why})`;
    return new BackupSyncError('unreachable', message, options);
  }
  const untrusted = untrustedCertificate(error);
  if (untrusted !== null) {
    return new BackupSyncError('unreachable', `the certificate of ${origin} is not trusted: ${untrusted}`, options);
  }
  return new BackupSyncError('unreachable', `${origin} does not answer: ${why}`, options);
}

function property(error: Error, name: 'code' | 'syscall'): unknown {
  return name in error ? (error as Error & Record<typeof name, unknown>)[name] : undefined;
}
