import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ClientOptions, createClientIn } from '../client.ts';
import type { Runtime } from '../runtime.ts';
import { systemRuntime } from '../runtime.ts';

/** A request that the service received. */
export type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** An answer of the service; null closes the connection. */
export type Reply = {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** A string is sent unchanged, anything else as JSON. */
  readonly body?: unknown;
  /** Writes the rest of the answer after the head was sent. */
  readonly stream?: (response: ServerResponse) => void;
} | null;

/** Starts an HTTP service on loopback that answers as the test decides. */
export async function startService(reply: (request: Seen) => Reply | Promise<Reply>) {
  const seen: Seen[] = [];
  let underWay = 0;
  let mostUnderWay = 0;
  const server = createServer(async (request, response) => {
    underWay += 1;
    mostUnderWay = Math.max(mostUnderWay, underWay);
    const { method = '', url = '', headers } = request;
    const call = { method, url, headers, body: await text(request) };
    seen.push(call);
    const answer = await reply(call);
    underWay -= 1;
    if (answer === null) return void request.socket.destroy();
    response.writeHead(answer.status ?? 200, { 'Content-Type': 'application/json', ...answer.headers });
    if (answer.stream !== undefined) {
      response.flushHeaders();
      return answer.stream(response);
    }
    response.end(
      typeof answer.body === 'string' || answer.body === undefined ? answer.body : JSON.stringify(answer.body),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    seen,
    endpoint,
    /** The highest number of concurrent calls so far. */
    mostUnderWay: () => mostUnderWay,
    client: (options: Partial<ClientOptions> = {}, runtime: Runtime = systemRuntime) =>
      createClientIn(runtime, {
        endpoint,
        projectId: 'p/1',
        credentials: { token: 'secret-token' },
        ...options,
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
