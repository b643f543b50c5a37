import { type Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { FuzzedCall } from './call-arbitrary.ts';
import type { SeenAnswer } from './check-answer.ts';
import type { WireRequest } from './spell-request.ts';

/** Node's client refuses to send such a path. They are sent as raw bytes. */
const unsendable = /[^\x21-\x7e]/g;

/** Sends a request with its path unchanged; `fetch` would normalise it. A stream is closed when it has begun. */
export function sendCall(endpoint: URL, agent: Agent, call: FuzzedCall): Promise<SeenAnswer> {
  return sendWire(endpoint, agent, {
    method: call.method,
    path: call.path.replaceAll(unsendable, ''),
    headers: Object.entries({ Host: endpoint.host, ...call.headers }),
    body: call.body,
  });
}

/** Sends header lines unchanged and in their order. Adds `Content-Length` if there is a body. */
export async function sendWire(
  endpoint: URL,
  agent: Agent,
  { method, path, headers, body }: Omit<WireRequest, 'body'> & { readonly body: string | Uint8Array | null },
): Promise<SeenAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const length = body === null ? [] : ['Content-Length', String(Buffer.byteLength(body))];
  const sending = request(
    { agent, host: endpoint.hostname, port: endpoint.port, method, path, headers: [...headers.flat(), ...length] },
    resolve,
  );
  sending.on('error', reject);
  sending.end(body ?? undefined);
  const response = await promise;
  const contentType = response.headers['content-type'] ?? '';
  const requestId = response.headers['x-request-id'];
  const isStream = contentType.startsWith('text/event-stream');
  const answered = isStream ? '' : await text(response);
  if (isStream) response.destroy();
  return {
    status: response.statusCode ?? 0,
    contentType,
    requestId: typeof requestId === 'string' ? requestId : null,
    body: answered,
    isHead: method === 'HEAD',
  };
}
