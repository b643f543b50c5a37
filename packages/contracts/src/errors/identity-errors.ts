import type { ErrorDefinition } from './error-definition.ts';

/** A user, project, role, grant, key or token is not there, or is in a state that does not allow the call. */
export const identityErrors = {
  token_not_found: {
    number: 'BackupSync.1026',
    httpStatus: 404,
    retryable: false,
    remedy: 'Send the token that is meant in X-Subject-Token; one that has ended or was revoked is not known any more.',
    exitCode: 1,
  },
  user_not_found: {
    number: 'BackupSync.1041',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the name; "backup-sync users list" lists what there is.',
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
    remedy: 'Make another user administrator first.',
    exitCode: 1,
  },
  project_not_found: {
    number: 'BackupSync.1044',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id; "backup-sync projects list" lists what there is.',
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
    remedy: 'Check user and project; "backup-sync users list" lists the roles.',
    exitCode: 1,
  },
  bucket_grant_not_found: {
    number: 'BackupSync.1047',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check project, bucket and prefix; "backup-sync buckets list" lists what is granted.',
    exitCode: 1,
  },
  access_key_not_found: {
    number: 'BackupSync.1048',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the key; "backup-sync access-keys list" lists what there is.',
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
