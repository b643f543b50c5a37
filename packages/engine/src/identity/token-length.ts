import { BackupSyncError } from '@backup-sync/contracts';

/**
 * Fernet tokens have some 200 characters. The PKI tokens of Huawei's IAM contain roles and catalogue, and have some
 * 10,000. Keystone answers with the token that it was asked about, and `fetch` takes 16 KiB of headers at most. A request
 * that validates a token carries two tokens, and may have 32 KiB of headers here.
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
