import { setHeader } from '../http/set-header.ts';
import { signingAlgorithm } from './canonical-request.ts';
import { sha256Hex, signature } from './signature.ts';

/** An access key pair. */
export type AccessKey = {
  /** Id of the key, which is sent with each request. */
  readonly accessKey: string;
  /** Secret that signs requests; it is never sent. */
  readonly secretKey: string;
  /** Token that belongs to a temporary key. */
  readonly securityToken?: string;
};

/** A request before it is signed and sent. */
export type UnsignedRequest = {
  readonly method: string;
  readonly url: URL;
  /** All headers of the caller. They are all signed, as are the host and the headers that signing adds. */
  readonly headers: Headers;
  /** Empty if there is no body. */
  readonly body: string;
  readonly nowMs: number;
};

/** Returns the headers that sign a request, including `Authorization`, without the caller's own headers. */
export async function signingHeaders(key: AccessKey, request: UnsignedRequest): Promise<Headers> {
  const date = signingDate(request.nowMs);
  const added = new Headers({ 'x-sdk-date': date });
  if (key.securityToken !== undefined) setHeader(added, 'x-security-token', key.securityToken);
  // `fetch` sets the host header itself and does not let callers set it.
  const headers = [...request.headers, ...added, ['host', request.url.host] as const];
  const signedHeaders = headers.map(([name]) => name).sort();
  const signed = await signature(key.secretKey, date, {
    method: request.method,
    target: request.url.pathname + request.url.search,
    headers,
    signedHeaders,
    bodyHash: await sha256Hex(request.body),
  });
  setHeader(
    added,
    'authorization',
    `${signingAlgorithm} Access=${key.accessKey}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signed}`,
  );
  return added;
}

/** `YYYYMMDDTHHMMSSZ`. */
function signingDate(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
