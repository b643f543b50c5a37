import type { ErrorDefinition } from './error-definition.ts';

/** A client makes these itself. A server never sends them; their numbers start with 19. */
export const clientErrors = {
  unreachable: {
    number: 'BackupSync.1901',
    httpStatus: 503,
    retryable: true,
    remedy: 'Check the endpoint, and that the server runs.',
    exitCode: 5,
  },
  connect_timeout: {
    number: 'BackupSync.1907',
    httpStatus: 503,
    retryable: true,
    remedy: 'Check the endpoint, and the network and firewalls on the way to it.',
    exitCode: 5,
  },
  response_timeout: {
    number: 'BackupSync.1908',
    httpStatus: 503,
    retryable: true,
    remedy:
      'Check that the server is working. If the call changes something, look whether it did before you repeat it.',
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
    remedy: 'See the message of the service.',
    exitCode: 1,
  },
  aborted: {
    number: 'BackupSync.1904',
    httpStatus: 503,
    retryable: true,
    remedy: 'Call again to go on; what was accepted is kept.',
    exitCode: 130,
  },
  not_supported: {
    number: 'BackupSync.1905',
    httpStatus: 400,
    retryable: false,
    remedy: 'Use an endpoint of backup-sync: other services do not have this operation.',
    exitCode: 1,
  },
  deadline_passed: {
    number: 'BackupSync.1906',
    httpStatus: 503,
    retryable: true,
    remedy: 'Wait again, with a later deadline: the operations go on.',
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
