import { createHash, createHmac } from 'node:crypto';

/** An access key with its secret. */
export type TestKey = { readonly accessKey: string; readonly secretKey: string };

/**
 * Returns the headers of a signed request, by the published formula. It is written out here to check the implementation
 * that the gateway uses. The address must already be encoded as the formula requires, with at most one query field.
 */
export function signedHeaders(
  { accessKey, secretKey }: TestKey,
  request: { readonly method: string; readonly url: URL; readonly body: string },
  atMs: number,
  /** More headers to sign and send; names in lower case. */
  others: Record<string, string> = {},
): Record<string, string> {
  const date = new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const { pathname, search, host } = request.url;
  const path = pathname.endsWith('/') ? pathname : `${pathname}/`;
  const signed = Object.entries({ ...others, host, 'x-sdk-date': date }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(';');
  const headers = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = [request.method, path, search.slice(1), headers, names, hash(request.body)].join('\n');
  const digest = createHmac('sha256', secretKey)
    .update(`SDK-HMAC-SHA256\n${date}\n${hash(canonical)}`)
    .digest('hex');
  return {
    ...others,
    'X-Sdk-Date': date,
    Authorization: `SDK-HMAC-SHA256 Access=${accessKey}, SignedHeaders=${names}, Signature=${digest}`,
  };
}
