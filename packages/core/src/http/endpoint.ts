import { BackupSyncError } from '@backup-sync/contracts';
import { encodeStrictly } from '../signing/canonical-request.ts';

/** Throws `invalid_request` for what is not an address of HTTP, or has credentials in it, which are not repeated. */
export function parseEndpoint(endpoint: string, place = 'endpoint'): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    // Before an "@" there may be a password, wherever else a parser would see it.
    const quoted = endpoint.includes('@') ? 'what is given' : `"${endpoint}"`;
    throw new BackupSyncError('invalid_request', `${place}: ${quoted} is not an address like https://host:port`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new BackupSyncError(
      'invalid_request',
      `${place}: has credentials in the address ${url.host}; leave them out`,
    );
  }
  return url;
}

/**
 * A path of the API below an endpoint that may have a path itself; a closing `/v3`, as clouds like to give their
 * endpoints, is not said twice. Query fields that are undefined are left out, lists are joined by commas.
 */
export function urlOf(endpoint: URL, path: string, query: Record<string, unknown> = {}): URL {
  const url = new URL(endpoint.pathname.replace(/(\/v3)?\/?$/, '') + path, endpoint);
  // Not by URLSearchParams, whose "+" for a space not everyone reads who checks a signature.
  url.search = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(String(value))}`)
    .join('&');
  return url;
}
