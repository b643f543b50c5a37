import { BackupSyncError } from '@backup-sync/contracts';
import { encodeStrictly } from '../signing/canonical-request.ts';

/**
 * Parses an HTTP address. `place` names it in errors. Throws `invalid_request` if it is not an HTTP address or has
 * credentials in it; the message does not repeat them.
 */
export function parseEndpoint(endpoint: string, place = 'endpoint'): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    // There may be a password before an "@", even if a parser would not see it there.
    const quoted = endpoint.includes('@') ? 'the value' : `"${endpoint}"`;
    throw new BackupSyncError('invalid_request', `${place}: ${quoted} is not an address like https://host:port`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new BackupSyncError(
      'invalid_request',
      `${place}: the address of ${url.host} contains credentials; remove them`,
    );
  }
  return url;
}

/**
 * Appends a path of the API to an endpoint, which may have a path itself. If the endpoint ends in `/v3`, as many
 * endpoints of clouds do, `/v3` is not repeated. Undefined query fields are omitted, and lists are joined by commas.
 */
export function urlOf(endpoint: URL, path: string, query: Record<string, unknown> = {}): URL {
  const url = new URL(endpoint.pathname.replace(/(\/v3)?\/?$/, '') + path, endpoint);
  // Not URLSearchParams: it encodes a space as "+", which some signature verifiers do not decode.
  url.search = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(String(value))}`)
    .join('&');
  return url;
}
