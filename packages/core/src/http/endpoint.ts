import { BackupSyncError } from '@backup-sync/contracts';
import { encodeStrictly } from '../signing/canonical-request.ts';

/** Throws `invalid_request` for what is not an address of HTTP. */
export function parseEndpoint(endpoint: string, place = 'endpoint'): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new BackupSyncError('invalid_request', `${place}: "${endpoint}" is not an address like https://host:port`);
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
