import { BackupSyncError } from '@backup-sync/contracts';

/**
 * Maximum number of characters of a token. Fernet tokens have about 200. The PKI tokens of Huawei's IAM contain roles
 * and catalogue, and have about 10,000. Keystone's answer repeats the validated token, and `fetch` takes at most 16 KiB
 * of headers. A request that validates a token carries two tokens, and may have 32 KiB of headers here.
 */
export const tokenMaxLength = 14 * 1024;

/** Throws `not_authenticated` for a token that is too long to be one. */
export function refuseLongToken(token: string): void {
  if (token.length <= tokenMaxLength) return;
  throw new BackupSyncError(
    'not_authenticated',
    `the token has ${token.length} characters; a token has at most ${tokenMaxLength}`,
  );
}
