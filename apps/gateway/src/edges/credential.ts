import { createHash } from 'node:crypto';
import { networkOf } from '@backup-sync/engine';
import type { Request } from 'express';
import { addressOf } from './caller-address.ts';

const scheme = /^SDK-HMAC-SHA256\b/;

/** Whether the request says who it is by a signature. */
export function isSigned(request: Request): boolean {
  return scheme.test(request.headers.authorization ?? '');
}

/**
 * By what the credentials of a call are known again when they come from the same network: of its access key or token,
 * without what would let anyone in. Null where it has none.
 */
export function credentialOf(request: Request): string | null {
  const said = isSigned(request) ? accessKeyIn(request.headers.authorization ?? '') : request.headers['x-auth-token'];
  if (typeof said !== 'string' || said === '') return null;
  const network = networkOf(addressOf(request));
  return createHash('sha256')
    .update(JSON.stringify([network, isSigned(request), said]))
    .digest('base64');
}

/** What is there is what counts: the form is looked at by who checks the signature. */
function accessKeyIn(authorization: string): string {
  return /\bAccess=([\w-]+)/.exec(authorization)?.[1] ?? authorization;
}
