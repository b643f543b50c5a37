import { BackupSyncError } from '@backup-sync/contracts';
import type { KeystoneOptions } from './keystone-options.ts';

const timeoutMs = 10_000;
const answerMaxBytes = 1024 * 1024;

export type KeystoneAnswer = { readonly status: number; readonly headers: Headers; readonly body: unknown };

/**
 * Asks for `/auth/tokens`, without the catalogue, which nobody here reads. Throws `unavailable` where there is no
 * answer, or one that says that there is none now: nobody comes in while it lasts.
 */
export async function askKeystone(
  { url }: KeystoneOptions,
  method: 'GET' | 'POST',
  request: { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown },
): Promise<KeystoneAnswer> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${url}/auth/tokens?nocatalog`, {
      method,
      headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...request.headers },
      // Credentials go to the address that was configured, and to no other.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    });
    body = await readJson(response);
  } catch (cause) {
    throw new BackupSyncError('unavailable', 'the identity service does not answer', { cause });
  }
  if (response.status === 429 || response.status >= 500) {
    throw new BackupSyncError('unavailable', 'the identity service cannot answer at the moment', {
      cause: new Error(`${url} answers ${response.status}`),
    });
  }
  return { status: response.status, headers: response.headers, body };
}

/** Null for what is not JSON. Throws where there is too much of it. */
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
    // Whoever asked for it says what it should have been.
    return null;
  }
}
