import type { ErrorDefinition } from './error-definition.ts';

/** Errors of the request itself: its form, its size, its path. */
export const requestErrors = {
  invalid_request: {
    number: 'BackupSync.1001',
    httpStatus: 400,
    retryable: false,
    remedy: 'Fix the fields that the message names.',
    exitCode: 1,
  },
  malformed_json: {
    number: 'BackupSync.1002',
    httpStatus: 400,
    retryable: false,
    remedy: 'Send the body as JSON in UTF-8.',
    exitCode: 1,
  },
  not_json: {
    number: 'BackupSync.1003',
    httpStatus: 415,
    retryable: false,
    remedy: 'Send the body with Content-Type: application/json and no unusual encoding.',
    exitCode: 1,
  },
  body_too_large: {
    number: 'BackupSync.1004',
    httpStatus: 413,
    retryable: false,
    remedy: 'Split the list over several calls.',
    exitCode: 1,
  },
  headers_too_large: {
    number: 'BackupSync.1051',
    httpStatus: 431,
    retryable: false,
    remedy: 'Send fewer or shorter headers, and a shorter URL.',
    exitCode: 1,
  },
  request_timeout: {
    number: 'BackupSync.1052',
    httpStatus: 408,
    retryable: true,
    remedy: 'Send the whole request without pauses.',
    exitCode: 5,
  },
  route_not_found: {
    number: 'BackupSync.1011',
    httpStatus: 404,
    retryable: false,
    remedy: 'See /openapi.json for the paths that exist.',
    exitCode: 1,
  },
  console_missing: {
    number: 'BackupSync.1073',
    httpStatus: 404,
    retryable: false,
    remedy:
      'Build it: "npm start" and "npx pnpm build" do so in a clone of the repository. Then start the server again.',
    exitCode: 1,
  },
  not_offered: {
    number: 'BackupSync.1058',
    httpStatus: 501,
    retryable: false,
    remedy: 'Use what the message names. This service imports and proves backups; it does not create or restore them.',
    exitCode: 1,
  },
  method_not_allowed: {
    number: 'BackupSync.1012',
    httpStatus: 405,
    retryable: false,
    remedy: 'Use a method that the Allow header names.',
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
