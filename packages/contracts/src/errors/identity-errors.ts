import type { ErrorDefinition } from './error-definition.ts';

/** Errors of a user, project, role, grant, key or token that does not exist, or whose state does not allow the call. */
export const identityErrors = {
  token_not_found: {
    number: 'BackupSync.1026',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the token in X-Subject-Token. A token that has expired or was revoked is no longer known.',
    exitCode: 1,
  },
  user_not_found: {
    number: 'BackupSync.1041',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the name. "backup-sync users list" or GET …/users lists all users.',
    exitCode: 1,
  },
  user_name_taken: {
    number: 'BackupSync.1042',
    httpStatus: 409,
    retryable: false,
    remedy: 'Give the user another name.',
    exitCode: 1,
  },
  last_administrator: {
    number: 'BackupSync.1043',
    httpStatus: 409,
    retryable: false,
    remedy: 'Make another user an administrator first.',
    exitCode: 1,
  },
  project_not_found: {
    number: 'BackupSync.1044',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id. "backup-sync projects list" or GET …/projects lists all projects.',
    exitCode: 1,
  },
  project_name_taken: {
    number: 'BackupSync.1045',
    httpStatus: 409,
    retryable: false,
    remedy: 'Give the project another name.',
    exitCode: 1,
  },
  role_not_found: {
    number: 'BackupSync.1046',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the user and the project. "backup-sync users list" or GET …/users lists all roles.',
    exitCode: 1,
  },
  bucket_grant_not_found: {
    number: 'BackupSync.1047',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the project, bucket and prefix. "backup-sync buckets list" or GET …/bucket-grants lists all grants.',
    exitCode: 1,
  },
  access_key_not_found: {
    number: 'BackupSync.1048',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the key. "backup-sync access-keys list" or GET …/access-keys lists all access keys.',
    exitCode: 1,
  },
  identity_elsewhere: {
    number: 'BackupSync.1049',
    httpStatus: 409,
    retryable: false,
    remedy: 'Use the identity service that the message names.',
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
