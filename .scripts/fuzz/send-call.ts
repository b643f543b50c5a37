import { type Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { FuzzedCall } from './call-arbitrary.ts';
import type { SeenAnswer } from './check-answer.ts';

/** Node's client refuses to send such an address; raw bytes do. */
const unsendable = /[^\x21-\x7e]/g;

/** Sends a request, with an address just as it stands: `fetch` would mend it. A stream is left when it has begun. */
export async function sendCall(endpoint: URL, agent: Agent, call: FuzzedCall): Promise<SeenAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sending = request(
    {
      agent,
      host: endpoint.hostname,
      port: endpoint.port,
      method: call.method,
      path: call.path.replaceAll(unsendable, ''),
      headers: { ...call.headers, ...(call.body !== null && { 'Content-Length': Buffer.byteLength(call.body) }) },
    },
    resolve,
  );
  sending.on('error', reject);
  sending.end(call.body ?? undefined);
  const response = await promise;
  const contentType = response.headers['content-type'] ?? '';
  const requestId = response.headers['x-request-id'];
  const isStream = contentType.startsWith('text/event-stream');
  const body = isStream ? '' : await text(response);
  if (isStream) response.destroy();
  return {
    status: response.statusCode ?? 0,
    contentType,
    requestId: typeof requestId === 'string' ? requestId : null,
    body,
    isHead: call.method === 'HEAD',
  };
}
