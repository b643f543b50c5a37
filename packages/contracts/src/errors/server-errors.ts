import type { ErrorDefinition } from './error-definition.ts';

/** Errors of a server that cannot accept the call now, or that failed. */
export const serverErrors = {
  throttled: {
    number: 'BackupSync.1014',
    httpStatus: 429,
    retryable: true,
    remedy: 'Wait as long as Retry-After says, then call again.',
    exitCode: 1,
  },
  backlog_full: {
    number: 'BackupSync.1057',
    httpStatus: 429,
    retryable: true,
    remedy: 'Wait as long as Retry-After says, then send the same backups again. No backup of this call was accepted.',
    exitCode: 1,
  },
  unavailable: {
    number: 'BackupSync.1015',
    httpStatus: 503,
    retryable: true,
    remedy: 'Wait as long as Retry-After says, then call again.',
    exitCode: 5,
  },
  catalogue_full: {
    number: 'BackupSync.1056',
    httpStatus: 503,
    retryable: true,
    remedy: 'Free space on the disk of the data directory, then call again. The server does not need a restart.',
    exitCode: 1,
  },
  internal: {
    number: 'BackupSync.1016',
    httpStatus: 500,
    retryable: true,
    remedy: 'Call again. If this happens again, report it with the X-Request-Id of the answer.',
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
