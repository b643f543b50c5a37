import { createHash } from 'node:crypto';
import { networkOf } from '@backup-sync/engine';
import type { Request } from 'express';
import { addressOf } from './caller-address.ts';

const scheme = /^SDK-HMAC-SHA256\b/;

/** Whether the request is signed with an access key. */
export function isSigned(request: Request): boolean {
  return scheme.test(request.headers.authorization ?? '');
}

/**
 * Returns a hash by which the credentials of a call are recognised when they come from the same network again. It is
 * made of the access key or token and does not reveal them. Null if the call has no credentials.
 */
export function credentialOf(request: Request): string | null {
  const said = isSigned(request) ? accessKeyIn(request.headers.authorization ?? '') : request.headers['x-auth-token'];
  if (typeof said !== 'string' || said === '') return null;
  const network = networkOf(addressOf(request));
  return createHash('sha256')
    .update(JSON.stringify([network, isSigned(request), said]))
    .digest('base64');
}

/** Returns the access key, or the whole header if it is malformed: the signature check refuses it later. */
function accessKeyIn(authorization: string): string {
  return /\bAccess=([\w-]+)/.exec(authorization)?.[1] ?? authorization;
}
