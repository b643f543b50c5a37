import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';
import { type Log, noLog, type OnFault } from '@backup-sync/engine';
import { boundConnections } from './edges/bound-connections.ts';
import { isLoopback } from './edges/caller-address.ts';
import { readTlsFiles, type TlsFiles, type TlsMaterial } from './edges/certificate.ts';
import type { EdgeLimits } from './edges/edge-limits.ts';
import { refuseUnparsed } from './edges/refuse-unparsed.ts';
import { ListenError } from './listen-error.ts';

/** Time to finish answers when the server stops, milliseconds. */
const graceMs = 5_000;
/** Time between two checks for a renewed certificate, milliseconds. */
const renewalCheckMs = 60_000;
/** A connection without traffic is closed after this time, milliseconds. Streams have traffic: their heartbeat. */
const silentConnectionMs = 10 * 60_000;
/**
 * Longer than proxies keep idle connections, so that none sends a request on a connection that is closing.
 * Milliseconds.
 */
const keepAliveMs = 65_000;
/** Bytes of the request line and headers together. */
const headersMaxBytes = 32 * 1024;

/** Where and how {@link listen} serves. */
export type ListenPlace = {
  readonly host: string;
  /** Port; 0 takes a free one. */
  readonly port: number;
  /** Files for HTTPS (default: plain HTTP). */
  readonly tls?: TlsFiles | undefined;
  /** Whether a proxy in front handles TLS. Only then may plain HTTP leave this machine. */
  readonly behindTlsProxy?: boolean | undefined;
  /** The option that errors name for the address (default: `--listen`). */
  readonly option?: '--listen' | '--metrics-listen' | undefined;
};

/** Options of {@link listen}. */
export type ListenOptions = ListenPlace & {
  readonly limits: EdgeLimits;
  /**
   * Whether an address is a trusted proxy, which may have any number of connections, since it carries many callers.
   */
  readonly isTrustedProxy: (address: string | undefined) => boolean;
  /** Creates request ids for refusals of input that never becomes a request. */
  readonly newId: () => string;
  readonly onFault: OnFault;
  readonly log?: Log | undefined;
};

export type Listening = AsyncDisposable & {
  /** Address of the server without a closing slash, e.g. `http://127.0.0.1:8787`. */
  readonly endpoint: string;
  /** Starts using a renewed certificate. If it is not usable, reports that and keeps the old one. */
  readonly renewCertificate: () => Promise<void>;
  /** Uses other files for HTTPS, if it has a certificate, and other limits for new connections. */
  readonly reconfigure: (changed: Pick<ListenOptions, 'tls' | 'limits'>) => Promise<void>;
};

/** Checks the certificate, and that no plain HTTP would leave this machine. Throws {@link ListenError} like `listen`. */
export async function checkTls({ host, tls, behindTlsProxy }: Omit<ListenPlace, 'port'>): Promise<void> {
  refusePlainHttp({ host, tls, behindTlsProxy });
  if (tls !== undefined) await readTlsFiles(tls);
}

/**
 * Checks that {@link listen} could serve now. Throws {@link ListenError} like it. Nothing listens afterwards.
 */
export async function checkListen(place: ListenPlace): Promise<void> {
  await checkTls(place);
  const probe = createNetServer();
  await begin(probe, place);
  await new Promise((resolve) => probe.close(resolve));
}

/**
 * Serves on host and port. Disposing lets answers under way finish, for at most 5 seconds. Throws {@link ListenError}
 * if the address is not available, the certificate is not usable, or plain HTTP would leave this machine without
 * `behindTlsProxy`.
 */
export async function listen(handler: RequestListener, options: ListenOptions): Promise<Listening> {
  const { host, limits, isTrustedProxy, newId, onFault, log = noLog } = options;
  let { tls } = options;
  refusePlainHttp(options);
  let material = tls === undefined ? null : await readTlsFiles(tls);
  const server = makeServer(handler, limits, material);
  boundConnections(server, limits, isTrustedProxy);
  refuseUnparsed(server, newId);
  const unused = new Set<Socket>();
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', (request, response) => {
    unused.delete(request.socket);
    // A connection that answers while the server is closing would otherwise stay open for another request.
    response.once('close', () => setImmediate(() => server.listening || server.closeIdleConnections()));
  });
  await begin(server, options);

  async function renewCertificate(): Promise<void> {
    if (tls === undefined || !('setSecureContext' in server)) return;
    try {
      const renewed = await readTlsFiles(tls);
      if (renewed.cert === material?.cert && renewed.key === material.key) return;
      server.setSecureContext(renewed);
      material = renewed;
      log('certificate.renewed', 'The server uses the renewed TLS certificate.', {});
    } catch (error) {
      // The two files are not replaced in one step, so this may pass: the next check finds both.
      onFault('renewal of the TLS certificate (the old one stays in use)', error);
    }
  }
  const timer = tls === undefined ? undefined : setInterval(() => void renewCertificate(), renewalCheckMs).unref();

  const { port: actualPort } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  let closing: Promise<void> | undefined;
  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://${shownHost}:${actualPort}`,
    renewCertificate,
    async reconfigure(changed) {
      server.maxConnections = changed.limits.connections;
      if (tls !== undefined) tls = changed.tls ?? tls;
      await renewCertificate();
    },
    [Symbol.asyncDispose]() {
      clearInterval(timer);
      closing ??= close(server, unused);
      return closing;
    },
  };
}

function refusePlainHttp({ host, tls, behindTlsProxy }: Omit<ListenPlace, 'port'>): void {
  if (tls !== undefined || behindTlsProxy === true || isLoopback(host)) return;
  throw new ListenError(
    `${host} is not a loopback address, and plain HTTP would expose tokens to the network; ` +
      'give --tls-certificate and --tls-key, or give --behind-tls-proxy if a proxy handles TLS',
  );
}

/** Starts to listen. Throws {@link ListenError}. */
function begin(server: NetServer, place: ListenPlace): Promise<void> {
  const { host, port } = place;
  return new Promise<void>((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(new ListenError(sentence(error, place), { cause: error }));
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

function makeServer(handler: RequestListener, limits: EdgeLimits, material: TlsMaterial | null) {
  const options = {
    maxHeaderSize: headersMaxBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, 5_000),
    keepAliveTimeout: keepAliveMs,
    // The application itself refuses a request without this header, in its own form.
    requireHostHeader: false,
  };
  const server =
    material === null
      ? createServer(options, handler)
      : createTlsServer({ ...options, ...material, handshakeTimeout: limits.headersTimeoutMs }, handler);
  server.timeout = silentConnectionMs;
  return server;
}

/** Stops listening, and returns once all requests are answered. `unused` are the connections without a request so far. */
function close(server: Server, unused: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
    // Browsers and clients open connections in advance. For Node they are not idle: their first request may be on its way.
    for (const socket of unused) if (socket.bytesRead === 0) socket.destroy();
  });
}

function sentence(error: NodeJS.ErrnoException, { host, port, option = '--listen' }: ListenPlace): string {
  const place = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return `${place} is in use by another program; stop it, or choose another address with ${option} host:port`;
  }
  if (error.code === 'EACCES')
    return `this user may not listen on ${place}; choose a port above 1023 with ${option} host:port`;
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `${host} is not an address of this machine; choose another with ${option} host:port`;
  }
  return `cannot listen on ${place}: ${error.message}`;
}
