import type { ErrorDefinition } from './error-definition.ts';

/** Errors of a caller who is unknown or not allowed to make this call. */
export const accessErrors = {
  not_authenticated: {
    number: 'BackupSync.1005',
    httpStatus: 401,
    retryable: false,
    remedy:
      'Send a valid token in X-Auth-Token (POST /v3/auth/tokens issues one), or sign the request with an access key.',
    exitCode: 4,
  },
  project_not_allowed: {
    number: 'BackupSync.1006',
    httpStatus: 403,
    retryable: false,
    remedy: 'Use the project that the token or access key was issued for.',
    exitCode: 4,
  },
  role_not_allowed: {
    number: 'BackupSync.1007',
    httpStatus: 403,
    retryable: false,
    remedy: 'Ask an administrator for the role that the message names.',
    exitCode: 4,
  },
  token_without_project: {
    number: 'BackupSync.1063',
    httpStatus: 403,
    retryable: false,
    remedy: 'Request a token with "scope": {"project": {"id": "…"}} from the identity service, and send that token.',
    exitCode: 4,
  },
  token_restricted: {
    number: 'BackupSync.1064',
    httpStatus: 403,
    retryable: false,
    remedy: 'Request a token with a password, or with an application credential that has no access rules.',
    exitCode: 4,
  },
  not_same_origin: {
    number: 'BackupSync.1069',
    httpStatus: 403,
    retryable: false,
    remedy:
      'Call from a page of the console, with the header X-Backup-Sync-Console: 1 unless the method is GET. Programs send a token in X-Auth-Token instead of the cookie.',
    exitCode: 4,
  },
  insecure_connection: {
    number: 'BackupSync.1070',
    httpStatus: 403,
    retryable: false,
    remedy:
      'Open the console by its https address, or on the machine of the server by http://127.0.0.1. Behind a proxy that handles TLS, give the server its address: --public-url https://….',
    exitCode: 4,
  },
  password_required: {
    number: 'BackupSync.1071',
    httpStatus: 403,
    retryable: false,
    remedy: 'Give the password of the user again, with the project.',
    exitCode: 4,
  },
  token_too_long: {
    number: 'BackupSync.1072',
    httpStatus: 403,
    retryable: false,
    remedy:
      'Let the identity service issue shorter tokens, such as the Fernet tokens of Keystone. Until then, work with the command or over REST.',
    exitCode: 4,
  },
  bucket_not_bound: {
    number: 'BackupSync.1008',
    httpStatus: 403,
    retryable: false,
    remedy:
      'Ask an administrator to grant the bucket to the project ("backup-sync buckets grant"). Once there is a second project, each project needs a grant for its buckets.',
    exitCode: 4,
  },
} as const satisfies Record<string, ErrorDefinition>;
