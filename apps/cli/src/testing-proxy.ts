import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { forward } from './testing-servers.ts';

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
    forward(incoming, response, new URL(`http://127.0.0.1:${port}${pathname}${search}`));
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
