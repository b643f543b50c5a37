import { BackupSyncError, causesOf, untrustedCertificate } from '@backup-sync/contracts';
import type { Network } from '../../network.ts';
import { proxyAtFault } from '../../proxy-fault.ts';
import type { KeystoneOptions } from './keystone-options.ts';

const timeoutMs = 10_000;
const answerMaxBytes = 1024 * 1024;

export type KeystoneAnswer = { readonly status: number; readonly headers: Headers; readonly body: unknown };

/**
 * Sends a request, by default to `/auth/tokens` without the service catalogue, which is not needed here. Throws `unavailable` if
 * Keystone does not answer, or answers that it cannot now: nobody can log in until it does.
 */
export async function askKeystone(
  { url, proxies = null }: KeystoneOptions,
  method: 'GET' | 'POST' | 'DELETE',
  request: {
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  },
): Promise<KeystoneAnswer> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${url}${request.path ?? '/auth/tokens?nocatalog'}`, {
      method,
      headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...request.headers },
      // Credentials go only to the configured address.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    });
    body = await readJson(response);
  } catch (error) {
    const cause = new Error(`${url}: ${describe(error, url, proxies)}`);
    throw new BackupSyncError('unavailable', 'the identity service does not answer', { cause });
  }
  if (response.status === 429 || response.status >= 500) {
    throw new BackupSyncError('unavailable', 'the identity service cannot answer at the moment', {
      cause: new Error(`${url} answers ${response.status}`),
    });
  }
  return { status: response.status, headers: response.headers, body };
}

/** Why Keystone did not answer. For the operator, in one line. */
function describe(error: unknown, url: string, proxies: Network['proxies']): string {
  const untrusted = untrustedCertificate(error);
  if (untrusted !== null) {
    return (
      `its certificate is not trusted (${untrusted}); use the host name in the certificate, and set AWS_CA_BUNDLE or ` +
      'NODE_EXTRA_CA_CERTS to the PEM file of a private authority'
    );
  }
  const causes = causesOf(error);
  if (causes.some(({ name }) => name === 'TimeoutError')) return `it did not answer within ${timeoutMs / 1000} s`;
  const why = causes.map(({ message }) => message).findLast((message) => message !== '') ?? String(error);
  const proxy = proxyAtFault(error, new URL(url), proxies);
  return proxy === null ? why : `the proxy ${proxy} cannot be reached: ${why}`;
}

/** Reads a JSON body. Returns null if it is not JSON. Throws if it is too long. */
async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > answerMaxBytes) throw new Error(`the answer has more than ${answerMaxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    // The caller reports the form it expected.
    return null;
  }
}
