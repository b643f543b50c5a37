import { createHash } from 'node:crypto';
import { networkOf } from '@backup-sync/engine';
import type { Request } from 'express';
import { addressOf } from './caller-address.ts';

const scheme = /^SDK-HMAC-SHA256\b/;

/** Whether the request is signed with an access key. */
export function isSigned(request: Request): boolean {
  return scheme.test(request.headers.authorization ?? '');
}

/** Returns the token in the session cookie of a request, if the cookie is its credential; otherwise null. */
export function sessionTokenOf(request: Request): string | null {
  return request.res?.locals.sessionToken ?? null;
}

/**
 * Returns a hash by which the credentials of a call are recognised when they come from the same network again. It is
 * made of the access key or token and does not reveal them. Null if the call has no credentials.
 */
export function credentialOf(request: Request): string | null {
  const said = isSigned(request) ? accessKeyIn(request.headers.authorization ?? '') : tokenOf(request);
  if (said === null) return null;
  const network = networkOf(addressOf(request));
  return createHash('sha256')
    .update(JSON.stringify([network, isSigned(request), said]))
    .digest('base64');
}

/** Returns the token in `X-Auth-Token`, or else in the session cookie; null if there is none. */
export function tokenOf(request: Request): string | null {
  const token = request.headers['x-auth-token'];
  return typeof token === 'string' && token !== '' ? token : sessionTokenOf(request);
}

/** Returns the access key, or the whole header if it is malformed: the signature check refuses it later. */
function accessKeyIn(authorization: string): string {
  return /\bAccess=([\w-]+)/.exec(authorization)?.[1] ?? authorization;
}
