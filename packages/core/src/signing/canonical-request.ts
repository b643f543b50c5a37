import { BackupSyncError } from '@backup-sync/contracts';

/** Name of the scheme, as it stands in `Authorization` and in the string to sign. */
export const signingAlgorithm = 'SDK-HMAC-SHA256';

/** What of a request is signed. */
export type SignableRequest = {
  readonly method: string;
  /** Path and query as they are on the wire, e.g. `/v3/p/backups?limit=5`. */
  readonly target: string;
  /** Names in any case. Values are text: what came as bytes is to be read as UTF-8. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Names of the headers that are signed, lower case. */
  readonly signedHeaders: readonly string[];
  /** SHA-256 of the body in lower-case hex digits; that of nothing where there is no body. */
  readonly bodyHash: string;
};

/**
 * The form of a request that both sides hash. It does not depend on how a client writes addresses: path and query are
 * decoded and encoded anew, and the path gets a closing `/`. Throws `not_authenticated` where a signed header is missing
 * or the target is not validly encoded.
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
 * What the secret key signs. `date` is the value of `X-Sdk-Date`, `canonicalRequestHash` the SHA-256 of
 * {@link canonicalRequest} in lower-case hex digits.
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

/** Sorted by name, then by value, as they read decoded. A `+` is a space there, as in every form. */
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

/** Ends in a newline, so that an empty line follows it. */
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
      throw new BackupSyncError('not_authenticated', `the signature covers the header "${name}", which is not there`);
    }
    return `${name}:${value}\n`;
  });
  return lines.join('');
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Percent-encodes all but `A-Z a-z 0-9 - _ . ~`, from UTF-8. */
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
    throw new BackupSyncError('not_authenticated', `the address has "${text}", which is not validly encoded`, {
      cause,
    });
  }
}
