import { createHash, createHmac } from 'node:crypto';
import type { SignedRequest } from '../identity/signed-request.ts';

/** A request without a body, signed at the given time with the published formula. */
export function signedBy(accessKey: string, secretKey: string, atMs: number): SignedRequest {
  const date = new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const canonical = `GET\n/v3/\n\nhost:h\nx-sdk-date:${date}\n\nhost;x-sdk-date\n${sha256('')}`;
  const text = `SDK-HMAC-SHA256\n${date}\n${sha256(canonical)}`;
  const digest = createHmac('sha256', secretKey).update(text).digest('hex');
  const authorization = `SDK-HMAC-SHA256 Access=${accessKey}, SignedHeaders=host;x-sdk-date, Signature=${digest}`;
  const headers = [
    ['Host', 'h'],
    ['X-Sdk-Date', date],
    ['Authorization', authorization],
  ] as const;
  return { method: 'GET', target: '/v3', headers, body: new Uint8Array() };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
