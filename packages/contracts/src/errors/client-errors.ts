import type { ErrorDefinition } from './error-definition.ts';

/** Errors that a client raises itself. A server never sends them. Their numbers start with 19. */
export const clientErrors = {
  unreachable: {
    number: 'BackupSync.1901',
    httpStatus: 503,
    retryable: true,
    remedy: 'Check the endpoint, and that the server is running.',
    exitCode: 5,
  },
  connect_timeout: {
    number: 'BackupSync.1907',
    httpStatus: 503,
    retryable: true,
    remedy: 'Check the endpoint, and the network and firewalls between this machine and the server.',
    exitCode: 5,
  },
  response_timeout: {
    number: 'BackupSync.1908',
    httpStatus: 503,
    retryable: true,
    remedy:
      'Check that the server is working. If the call changes something, check whether it did before you repeat it.',
    exitCode: 5,
  },
  unexpected_answer: {
    number: 'BackupSync.1902',
    httpStatus: 502,
    retryable: false,
    remedy: 'Check that the endpoint is a CBR-compatible service.',
    exitCode: 5,
  },
  refused: {
    number: 'BackupSync.1903',
    httpStatus: 400,
    retryable: false,
    remedy: 'Follow the message of the service.',
    exitCode: 1,
  },
  aborted: {
    number: 'BackupSync.1904',
    httpStatus: 503,
    retryable: true,
    remedy: 'Call again to continue. What was accepted is kept.',
    exitCode: 130,
  },
  not_supported: {
    number: 'BackupSync.1905',
    httpStatus: 400,
    retryable: false,
    remedy: 'Use an endpoint of a backup-sync as new as the client. Others do not have this call, or not all of it.',
    exitCode: 1,
  },
  deadline_passed: {
    number: 'BackupSync.1906',
    httpStatus: 503,
    retryable: true,
    remedy: 'Wait again with a later deadline. The operations continue.',
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
