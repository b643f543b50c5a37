import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A forward proxy on loopback. */
export type ForwardProxy = AsyncDisposable & {
  readonly address: string;
  /** The `host:port` of each request to connect or fetch. */
  readonly asked: Set<string>;
};

/**
 * Starts a forward proxy that resolves host names that nothing else resolves: each is on loopback. It fetches absolute
 * addresses, and connects to the target of CONNECT.
 */
export async function startForwardProxy(): Promise<ForwardProxy> {
  const asked = new Set<string>();
  const server = createServer((incoming, response) => {
    const { host, port, pathname, search } = new URL(incoming.url ?? '');
    asked.add(host);
    const { method, headers } = incoming;
    const outgoing = request({ host: '127.0.0.1', port, method, headers, path: pathname + search }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.writeHead(502).end());
    incoming.pipe(outgoing);
  });
  server.on('connect', ({ url = '' }, client, head) => {
    asked.add(url);
    const target = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.write(head);
      target.pipe(client).pipe(target);
    });
    for (const socket of [client, target]) {
      socket.on('error', () => {});
      socket.on('close', () => [client, target].map((either) => either.destroy()));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
