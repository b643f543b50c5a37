import { errorBody } from '../../packages/contracts/src/index.ts';

export type SeenAnswer = {
  readonly status: number;
  readonly contentType: string;
  readonly requestId: string | null;
  readonly body: string;
  /** Whether it is the answer to HEAD, which has no body. */
  readonly isHead: boolean;
};

/** Throws if an answer is a fault of the server, or a refusal that is not in the form of its interface. */
export function checkAnswer(answer: SeenAnswer): void {
  const { status, requestId, body, isHead } = answer;
  const shown = `${status} ${body.slice(0, 500)}`;
  // 501 only says that something is not offered.
  if (status >= 500 && status !== 501) throw new Error(`a fault of the server: ${shown}`);
  if (requestId === null) throw new Error(`no X-Request-Id: ${shown}`);
  if (status < 400 && status !== 207) return;
  if (isHead) return;
  const parsed: unknown = JSON.parse(body);
  for (const each of Array.isArray(parsed) ? parsed : [parsed]) {
    if (isTrpc(each)) checkTrpc(each, requestId, shown);
    else if (status !== 207) checkRest(each, requestId);
  }
}

function checkRest(body: unknown, requestId: string): void {
  const refusal = errorBody.parse(body);
  if (refusal.request_id !== requestId) throw new Error(`the body says ${refusal.request_id}, the header ${requestId}`);
}

type TrpcError = { readonly error: { readonly data: Record<string, unknown> } };

/** tRPC has a separate envelope with the same content. */
function isTrpc(body: unknown): body is TrpcError {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  return typeof body.error === 'object' && body.error !== null && 'data' in body.error;
}

function checkTrpc({ error: { data } }: TrpcError, requestId: string, shown: string): void {
  if (Number(data.httpStatus) >= 500) throw new Error(`a fault of the server: ${shown}`);
  if (typeof data.errorCode !== 'string' || typeof data.remedy !== 'string') throw new Error(`no code: ${shown}`);
  if (data.requestId !== requestId && data.requestId !== null) throw new Error(`another request's id: ${shown}`);
  if ('stack' in data) throw new Error(`a stack trace: ${shown}`);
}
