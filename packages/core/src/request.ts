import { BackupSyncError, errorCodeOf } from '@backup-sync/contracts';
import { z } from 'zod';

export type HttpRequest = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly token?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
};

export type HttpAnswer = { readonly headers: Headers; readonly body: unknown };

/**
 * One HTTP call with a JSON answer. Throws {@link BackupSyncError}: what the service said of a refusal, `unreachable`
 * where nothing answered, `unexpected_answer` where what answered does not speak this API, `aborted` by the signal.
 */
export async function request(call: HttpRequest): Promise<HttpAnswer> {
  const { response, text } = await exchange(call);
  const body = parseJson(text);
  if (response.ok) {
    if (body === undefined && text !== '') {
      throw new BackupSyncError('unexpected_answer', `${call.url.origin} answered with something that is not JSON`);
    }
    return { headers: response.headers, body };
  }
  throw refusal(call.url, response.status, body);
}

async function exchange(call: HttpRequest): Promise<{ response: Response; text: string }> {
  const headers = new Headers({ accept: 'application/json' });
  if (call.token !== undefined) headers.set('x-auth-token', call.token);
  if (call.body !== undefined) headers.set('content-type', 'application/json');
  try {
    const response = await fetch(call.url, {
      method: call.method,
      headers,
      // A redirect would carry the token elsewhere.
      redirect: 'error',
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      ...(call.signal !== undefined && { signal: call.signal }),
    });
    return { response, text: await response.text() };
  } catch (error) {
    if (call.signal?.aborted) throw new BackupSyncError('aborted', 'the call was aborted', { cause: error });
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new BackupSyncError('unreachable', `${call.url.origin} does not answer: ${why}`, { cause: error });
  }
}

/** The forms in which CBR-compatible services say why: at the top, or one object deeper. */
const refusalBody = z.object({
  error_code: z.string().optional(),
  errorCode: z.string().optional(),
  code: z.union([z.string(), z.number()]).optional(),
  error_msg: z.string().optional(),
  errorMsg: z.string().optional(),
  message: z.string().optional(),
  problems: z.array(z.object({ place: z.string(), message: z.string() })).optional(),
});

function refusal(url: URL, status: number, body: unknown): BackupSyncError {
  const inner = z.object({ error: refusalBody }).safeParse(body);
  const outer = refusalBody.safeParse(body);
  const said = outer.data?.error_code !== undefined || !inner.success ? outer.data : inner.data.error;
  const number = String(said?.error_code ?? said?.errorCode ?? said?.code ?? '');
  const message = said?.error_msg ?? said?.errorMsg ?? said?.message;
  const code = errorCodeOf(number) ?? codeOfStatus(status);
  return new BackupSyncError(code, message ?? `${url.origin} answered with status ${status}`, {
    problems: said?.problems ?? [],
  });
}

function codeOfStatus(status: number) {
  if (status === 401) return 'not_authenticated';
  if (status === 403) return 'role_not_allowed';
  if (status === 429) return 'throttled';
  if (status >= 500) return 'unavailable';
  return 'refused';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
