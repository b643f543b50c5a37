import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** Serves HTTP on loopback, or HTTPS with a certificate. Disposing closes it, even with requests in flight. */
export async function startHttpServer(
  answer: RequestListener,
  certificate?: { readonly key: string; readonly cert: string },
): Promise<AsyncDisposable & { readonly endpoint: string }> {
  const server = certificate === undefined ? createHttpServer(answer) : createHttpsServer(certificate, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http${certificate === undefined ? '' : 's'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends a request on, and its answer back. The body of both is passed on as it comes. */
export function forward(incoming: IncomingMessage, response: ServerResponse, to: URL): void {
  const { method, headers } = incoming;
  const outgoing = request(to, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.writeHead(502).end());
  incoming.pipe(outgoing);
}

/** A faulty server on loopback. */
export type UnwellServer = AsyncDisposable & { readonly endpoint: string };

/** Accepts connections, and calls the test for each once a request has arrived on it. */
export async function startUnwellServer(onRequest: (connection: Socket) => void): Promise<UnwellServer> {
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    // A client that gives up may reset it.
    connection.on('error', () => {});
    connection.once('data', () => onRequest(connection));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Listens, and then blocks its thread, so that nothing is ever accepted. */
const blockedListener = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** A listener whose queue of connections is full: Linux drops the packets of further clients, as a firewall would. */
export async function startDroppingServer(): Promise<UnwellServer> {
  const worker = new Worker(blockedListener, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const waiting = Array.from({ length: 8 }, () => connect(port, '127.0.0.1'));
  for (const socket of waiting) socket.on('error', () => {});
  // The queue holds one more than its backlog.
  const [first, second] = waiting;
  await Promise.all([first, second].map((socket) => socket && once(socket, 'connect')));
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    },
  };
}
