import type { ErrorDefinition } from './error-definition.ts';

/** Errors of hooks and their deliveries. */
export const hookErrors = {
  hook_not_found: {
    number: 'BackupSync.1080',
    httpStatus: 404,
    retryable: false,
    remedy: 'Check the id. GET …/hooks lists all hooks.',
    exitCode: 1,
  },
  hook_name_taken: {
    number: 'BackupSync.1081',
    httpStatus: 409,
    retryable: false,
    remedy: 'Give the hook another name.',
    exitCode: 1,
  },
  hook_address_refused: {
    number: 'BackupSync.1082',
    httpStatus: 409,
    retryable: false,
    remedy:
      'Use an https address outside the network of the server. To allow a network, name it in BACKUP_SYNC_HOOK_NETWORKS of the server.',
    exitCode: 1,
  },
  hooks_full: {
    number: 'BackupSync.1083',
    httpStatus: 409,
    retryable: false,
    remedy: 'Remove a hook that is no longer needed.',
    exitCode: 1,
  },
  hook_delivery_not_found: {
    number: 'BackupSync.1084',
    httpStatus: 404,
    retryable: false,
    remedy:
      'Check the id. GET …/hooks/{hook_id}/deliveries lists the deliveries. A newer event about the same subject replaces an older one.',
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;
