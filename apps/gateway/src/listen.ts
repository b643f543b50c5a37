import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Milliseconds that answers under way get when the server stops. */
const graceMs = 5_000;

/** The server cannot listen where it should. The message is for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export type Listening = AsyncDisposable & {
  /** Without a closing slash, e.g. `http://127.0.0.1:8787`. */
  readonly endpoint: string;
};

/** Serves on host and port; port 0 takes a free one. Disposing lets answers under way end. */
export async function listen(handler: RequestListener, host: string, port: number): Promise<Listening> {
  const server = createServer(handler);
  server.on('request', (_request, response) => {
    // A connection that has answered while the server was closing would be kept for a next request.
    response.once('close', () => setImmediate(() => server.listening || server.closeIdleConnections()));
  });
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      reject(new ListenError(sentence(error, host, port), { cause: error }));
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
  const { port: actualPort } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  let closing: Promise<void> | undefined;
  return {
    endpoint: `http://${shownHost}:${actualPort}`,
    [Symbol.asyncDispose]() {
      closing ??= close(server);
      return closing;
    },
  };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function sentence(error: NodeJS.ErrnoException, host: string, port: number): string {
  const place = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return `${place} is in use by another program; stop it, or choose another address with --listen host:port`;
  }
  if (error.code === 'EACCES') return `${place} may not be used by this user; choose a port above 1023 with --listen`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `${host} is no address of this machine; choose another with --listen host:port`;
  }
  return `cannot listen on ${place}: ${error.message}`;
}
