import { setHeader } from '../http/set-header.ts';
import { signingAlgorithm } from './canonical-request.ts';
import { sha256Hex, signature } from './signature.ts';

/** An access key pair; temporary ones come with a security token. */
export type AccessKey = {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly securityToken?: string;
};

/** A request that is to be signed, before it is sent. */
export type UnsignedRequest = {
  readonly method: string;
  readonly url: URL;
  /** All headers that the caller sets; each is signed, with the host and what signing adds. */
  readonly headers: Headers;
  /** Empty where there is none. */
  readonly body: string;
  readonly nowMs: number;
};

/** The headers that make it a signed request, `Authorization` among them: those of the caller are not repeated. */
export async function signingHeaders(key: AccessKey, request: UnsignedRequest): Promise<Headers> {
  const date = signingDate(request.nowMs);
  const added = new Headers({ 'x-sdk-date': date });
  if (key.securityToken !== undefined) setHeader(added, 'x-security-token', key.securityToken);
  // fetch sets the host itself, and lets nobody else do so.
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
