import { BackupSyncError, consoleHeader } from '@backup-sync/contracts';
import type { Request } from 'express';

/**
 * Refuses a request unless a page of this server makes it. `SameSite` alone does not: a page on another port of this
 * host is on the same site. Browsers set `Sec-Fetch-Site` themselves, and ask the server first before a page elsewhere
 * may send the header of the console. Throws `not_same_origin`.
 */
export function requireSameOrigin(request: Request): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== 'same-origin') {
    throw new BackupSyncError(
      'not_same_origin',
      site === undefined
        ? 'a request with the session cookie has no header Sec-Fetch-Site, which browsers send over https and to loopback'
        : `a request with the session cookie comes from another page (Sec-Fetch-Site: ${site})`,
    );
  }
  if (request.method !== 'GET' && request.get(consoleHeader.name) !== consoleHeader.value) {
    throw new BackupSyncError(
      'not_same_origin',
      `a ${request.method} request with the session cookie has no header ${consoleHeader.name}: ${consoleHeader.value}`,
    );
  }
}
