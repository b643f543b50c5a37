import { BackupSyncError } from '@backup-sync/contracts';

/** Name of the signing scheme, as used in `Authorization` and in the string to sign. */
export const signingAlgorithm = 'SDK-HMAC-SHA256';

/** The parts of a request that are signed. */
export type SignableRequest = {
  /** HTTP method, upper case. */
  readonly method: string;
  /** Path and query as sent, e.g. `/v3/p/backups?limit=5`. */
  readonly target: string;
  /** All headers, with names in any case. Values are text: decode bytes as UTF-8. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Names of the signed headers, lower case. */
  readonly signedHeaders: readonly string[];
  /** SHA-256 of the body in lower-case hex digits. Without a body, the SHA-256 of the empty string. */
  readonly bodyHash: string;
};

/**
 * Returns the canonical form of a request, which both sides hash. It does not depend on how a client writes the
 * address: path and query are decoded and encoded again, and the path ends in `/`. Throws `not_authenticated` if a
 * signed header is missing or the target is not validly encoded.
 */
export function canonicalRequest(request: SignableRequest): string {
  const [path = '', ...query] = request.target.split('?');
  const signed = request.signedHeaders.toSorted();
  return [
    request.method,
    canonicalPath(path),
    canonicalQuery(query.join('?')),
    canonicalHeaders(request.headers, signed),
    signed.join(';'),
    request.bodyHash,
  ].join('\n');
}

/**
 * Returns the text that the secret key signs. `date` is the value of `X-Sdk-Date`, and `canonicalRequestHash` is the
 * SHA-256 of {@link canonicalRequest} in lower-case hex digits.
 */
export function stringToSign(date: string, canonicalRequestHash: string): string {
  return [signingAlgorithm, date, canonicalRequestHash].join('\n');
}

function canonicalPath(path: string): string {
  const encoded = path
    .split('/')
    .map((segment) => encodeStrictly(decode(segment)))
    .join('/');
  return encoded.endsWith('/') ? encoded : `${encoded}/`;
}

/** Sorts by decoded name, then by decoded value. A `+` is a space, as in HTML forms. */
function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.replaceAll('+', ' ').split('=');
      return { name: decode(name), value: decode(value.join('=')) };
    })
    .sort((one, other) => compare(one.name, other.name) || compare(one.value, other.value))
    .map(({ name, value }) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
    .join('&');
}

/** Ends in a newline, so that an empty line follows. */
function canonicalHeaders(headers: SignableRequest['headers'], signed: readonly string[]): string {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const earlier = values.get(key);
    values.set(key, earlier === undefined ? value.trim() : `${earlier},${value.trim()}`);
  }
  const lines = signed.map((name) => {
    const value = values.get(name);
    if (value === undefined) {
      const message = `the signature covers the header "${name}", but the request does not have it`;
      throw new BackupSyncError('not_authenticated', message);
    }
    return `${name}:${value}\n`;
  });
  return lines.join('');
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Percent-encodes a string as UTF-8, except for `A-Z a-z 0-9 - _ . ~`. */
export function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    const message = `the address contains "${text}", which is not valid percent-encoding`;
    throw new BackupSyncError('not_authenticated', message, { cause });
  }
}
