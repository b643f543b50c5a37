import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Starts a TCP server on loopback. The test decides about each connection when a request has arrived. */
export async function startRawServer(onRequest: (connection: Socket) => void) {
  const connections = new Set<Socket>();
  let requests = 0;
  const server = createServer((connection) => {
    connections.add(connection);
    // A client that gives up may reset the connection.
    connection.on('error', () => {});
    connection.once('data', () => {
      requests += 1;
      onRequest(connection);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
