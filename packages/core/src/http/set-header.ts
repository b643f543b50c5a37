import { BackupSyncError } from '@backup-sync/contracts';

/** Characters that HTTP allows in a header and that the platform sends. */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Sets a header to a value from the caller. Throws `invalid_request` if a header cannot have that value. The message
 * leaves the value out, since it may be a secret; the platform's own error would repeat it.
 */
export function setHeader(headers: Headers, name: string, value: string): void {
  // As the platform does: a token read from a file often ends in a line break.
  const trimmed = value.replaceAll(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  if (!sendable.test(trimmed)) {
    const message = `${name}: the value for this header has a character that headers cannot have, such as a line break`;
    throw new BackupSyncError('invalid_request', message);
  }
  headers.set(name, trimmed);
}
