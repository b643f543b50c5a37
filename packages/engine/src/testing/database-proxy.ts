import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A network to a database that a test can break. */
export type DatabaseProxy = AsyncDisposable & {
  /** The address of the database through this network. */
  readonly url: string;
  /** Ends all connections, and refuses others until {@link restore}. */
  refuse(): void;
  /** Lets this many more connections be made, and refuses others. */
  refuseAfter(connections: number): void;
  /** Lets nothing through any more, without a word. Connections can still be made until {@link restore}. */
  silence(): void;
  /** Lets new connections through again. Those that were silenced stay silent, as behind a router that forgot them. */
  restore(): void;
};

export async function openDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const { hostname, port } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let state: 'open' | 'refusing' | 'silent' = 'open';
  let connectionsLeft = Number.POSITIVE_INFINITY;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    if (state === 'refusing' || connectionsLeft <= 0) return void near.resetAndDestroy();
    connectionsLeft -= 1;
    // A socket that nobody reads lets nothing through.
    if (state === 'silent') return;
    const far = connect(Number(port), hostname);
    keep(far);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const url = new URL(databaseUrl);
  url.port = String(address.port);
  const end = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: url.href,
    refuse() {
      state = 'refusing';
      end();
    },
    refuseAfter(connections) {
      connectionsLeft = connections;
    },
    silence() {
      state = 'silent';
      for (const socket of sockets) socket.unpipe();
    },
    restore() {
      state = 'open';
    },
    async [Symbol.asyncDispose]() {
      end();
      server.close();
      await once(server, 'close');
    },
  };
}
