import { createHash, createHmac } from 'node:crypto';
import type { TestKey } from '../../apps/gateway/src/signing-for-tests.ts';

/** The meaning of a request, in any encoding: path and query are decoded, header names are in lower case. */
export type Meaning = {
  readonly method: string;
  readonly segments: readonly string[];
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Headers other than the host and the date. One with several values is sent several times. */
  readonly headers: readonly (readonly [name: string, values: readonly string[]])[];
  readonly body: Uint8Array;
  readonly host: string;
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly date: string;
};

/** Returns the `Authorization` of a request by the published formula, independently of the code under test. */
export function authorizationOf({ accessKey, secretKey }: TestKey, meaning: Meaning): string {
  const path = `/${meaning.segments.map(encodePlainly).join('/')}`;
  const query = meaning.query
    .toSorted(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
    .map(([name, value]) => `${encodePlainly(name)}=${encodePlainly(value)}`);
  const headers = [['host', [meaning.host]] as const, ['x-sdk-date', [meaning.date]] as const, ...meaning.headers]
    .map(([name, values]) => ({ name, line: `${name}:${values.join(',')}\n` }))
    .toSorted((one, other) => compare(one.name, other.name));
  const names = headers.map(({ name }) => name).join(';');
  const canonical = [
    meaning.method,
    path.endsWith('/') ? path : `${path}/`,
    query.join('&'),
    headers.map(({ line }) => line).join(''),
    names,
    createHash('sha256').update(meaning.body).digest('hex'),
  ].join('\n');
  const toSign = `SDK-HMAC-SHA256\n${meaning.date}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const digest = createHmac('sha256', secretKey).update(toSign).digest('hex');
  return `SDK-HMAC-SHA256 Access=${accessKey}, SignedHeaders=${names}, Signature=${digest}`;
}

/** Formats a time in milliseconds since 1970 as `X-Sdk-Date`. */
export function signingDate(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/** Percent-encodes the UTF-8 bytes of everything except `A-Z a-z 0-9 - _ . ~`. */
function encodePlainly(text: string): string {
  return Array.from(Buffer.from(text), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w.~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
