import { BackupSyncError } from '@backup-sync/contracts';

/** What HTTP lets a header be, and what the platform's own clients send. */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Sets a header to what a caller has given. Throws `invalid_request` without that value, which may be a secret, and which
 * the platform's own error would repeat.
 */
export function setHeader(headers: Headers, name: string, value: string): void {
  // As the platform does: a token that was read from a file often ends in a line break.
  const trimmed = value.replaceAll(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  if (!sendable.test(trimmed)) {
    const message = `${name}: what is given for this header has a character that no header can have, such as a line break`;
    throw new BackupSyncError('invalid_request', message);
  }
  headers.set(name, trimmed);
}
