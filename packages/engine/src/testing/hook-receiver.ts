import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the receiver got. */
export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string };

/** Answers a request. It may also leave it without an answer. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers with a status and headers. */
export function answerWith(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => void response.writeHead(status, headers).end('ok');
}

/**
 * Starts a receiver of hooks on loopback. It answers each request with the next of `answers`, and from then on with the
 * last one.
 */
export async function openHookReceiver(...answers: readonly [Answer, ...Answer[]]) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push({ headers: request.headers, body });
    const answer = answers[received.length - 1] ?? answers.at(-1);
    answer?.(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
