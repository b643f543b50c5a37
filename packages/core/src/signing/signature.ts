import { canonicalRequest, type SignableRequest, stringToSign } from './canonical-request.ts';

/**
 * Returns the signature of a request in lower-case hex digits. `date` is the value of `X-Sdk-Date`. Throws the errors
 * of `canonicalRequest`.
 */
export async function signature(secretKey: string, date: string, request: SignableRequest): Promise<string> {
  const text = stringToSign(date, await sha256Hex(canonicalRequest(request)));
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytesOf(secretKey), algorithm, false, ['sign']);
  return hex(await crypto.subtle.sign('HMAC', key, bytesOf(text)));
}

/** Returns the SHA-256 of a string in UTF-8, in lower-case hex digits. */
export async function sha256Hex(text: string): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', bytesOf(text)));
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
