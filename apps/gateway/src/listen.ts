import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { boundConnections } from './edges/bound-connections.ts';
import { readTlsFiles, type TlsFiles, type TlsMaterial } from './edges/certificate.ts';
import type { EdgeLimits } from './edges/edge-limits.ts';
import { refuseUnparsed } from './edges/refuse-unparsed.ts';
import { ListenError } from './listen-error.ts';

/** Milliseconds that answers under way get when the server stops. */
const graceMs = 5_000;
/** Milliseconds after which it is looked whether the certificate was renewed. */
const renewalCheckMs = 60_000;
/** A connection on which nothing moves for so long is closed. Streams move: they show that they live. */
const silentConnectionMs = 10 * 60_000;
/** Longer than proxies keep theirs, so that none sends a request into a connection that is being closed. */
const keepAliveMs = 65_000;
/** Bytes of the request line and headers together. */
const headersMaxBytes = 32 * 1024;

export type ListenOptions = {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly limits: EdgeLimits;
  /** Whose connections are many, since they are those of others. */
  readonly isTrustedProxy: (address: string | undefined) => boolean;
  /** Serves HTTPS. */
  readonly tls?: TlsFiles | undefined;
  /** A proxy in front does TLS: only so may plain HTTP leave this machine. */
  readonly behindTlsProxy?: boolean | undefined;
  /** Ids for answers to what never becomes a request. */
  readonly newId: () => string;
  readonly onFault: (place: string, error: unknown) => void;
};

export type Listening = AsyncDisposable & {
  /** Without a closing slash, e.g. `http://127.0.0.1:8787`. */
  readonly endpoint: string;
  /** Takes a renewed certificate into use; one that cannot be is reported, and the old one stays. */
  readonly renewCertificate: () => Promise<void>;
};

/**
 * Serves on host and port. Disposing lets answers under way end. Throws {@link ListenError} where the address cannot be
 * had, plain HTTP would leave the machine unasked, or the certificate cannot be used.
 */
export async function listen(handler: RequestListener, options: ListenOptions): Promise<Listening> {
  const { host, port, limits, isTrustedProxy, tls, newId, onFault } = options;
  if (tls === undefined && options.behindTlsProxy !== true && !isLoopback(host)) {
    throw new ListenError(
      `${host} is not a loopback address, and plain HTTP would show tokens to the network: give --tls-certificate and --tls-key, or say with --behind-tls-proxy that a proxy does TLS`,
    );
  }
  let material = tls === undefined ? null : await readTlsFiles(tls);
  const server = makeServer(handler, limits, material);
  boundConnections(server, limits, isTrustedProxy);
  refuseUnparsed(server, newId);
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

  async function renewCertificate(): Promise<void> {
    if (tls === undefined || !('setSecureContext' in server)) return;
    try {
      const renewed = await readTlsFiles(tls);
      if (renewed.cert === material?.cert && renewed.key === material.key) return;
      server.setSecureContext(renewed);
      material = renewed;
    } catch (error) {
      // Two files are never renewed in one step: the next look finds both.
      onFault('renewing the TLS certificate; the one in use stays', error);
    }
  }
  const timer = tls === undefined ? undefined : setInterval(() => void renewCertificate(), renewalCheckMs).unref();

  const { port: actualPort } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  let closing: Promise<void> | undefined;
  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://${shownHost}:${actualPort}`,
    renewCertificate,
    [Symbol.asyncDispose]() {
      clearInterval(timer);
      closing ??= close(server);
      return closing;
    },
  };
}

function makeServer(handler: RequestListener, limits: EdgeLimits, material: TlsMaterial | null) {
  const options = {
    maxHeaderSize: headersMaxBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, 5_000),
    keepAliveTimeout: keepAliveMs,
    // The application refuses a request without the header, in its own form.
    requireHostHeader: false,
  };
  const server =
    material === null
      ? createServer(options, handler)
      : createTlsServer({ ...options, ...material, handshakeTimeout: limits.headersTimeoutMs }, handler);
  server.timeout = silentConnectionMs;
  return server;
}

/** Whether only this machine reaches the address. A name that could be any is not. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
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
