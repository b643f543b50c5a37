import type { ErrorBody } from '@backup-sync/contracts';
import { RefusedError, UnreachableError } from './failure.ts';

/**
 * Reads the answer of the console's own door. Throws a {@link RefusedError} if the server refused the request, and an
 * {@link UnreachableError} if the answer is not of the server, such as the page of a proxy.
 */
export async function readAnswer<Answer>(response: Response): Promise<Answer> {
  if (response.status === 204) return undefined as Answer;
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && typeof body === 'object' && body !== null) return body as Answer;
  if (!response.ok && isErrorBody(body)) throw new RefusedError(body, response.status);
  throw new UnreachableError(`an answer with status ${response.status} that is not of the server`);
}

function isErrorBody(body: unknown): body is ErrorBody {
  return typeof (body as Partial<ErrorBody> | null)?.error_code === 'string';
}
