import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** The code of a request for TLS, in the place of a version. */
const tlsRequest = 80_877_103;

type Message = { readonly type: string; readonly bytes: Buffer };

/**
 * Starts a pooler in transaction mode: all clients share one session of the server, each for the length of a
 * transaction. The first client logs in. Returns the address of the database through it.
 */
export async function startTransactionPooler(databaseUrl: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const { hostname, port } = new URL(databaseUrl);
  // Statements are several small messages, which must not wait for each other's acknowledgements.
  const far = connect({ port: Number(port), host: hostname, noDelay: true });
  const clients = new Set<Socket>();
  /** What the server said after the login, except the key with which a client could cancel what others run. */
  const greeting: Buffer[] = [];
  let isLoggedIn = false;
  let owner: Socket | null = null;
  const waiting: { readonly client: Socket; readonly bytes: Buffer }[] = [];
  const send = () => {
    owner ??= waiting[0]?.client ?? null;
    for (const each of waiting.filter(({ client }) => client === owner)) {
      far.write(each.bytes);
      waiting.splice(waiting.indexOf(each), 1);
    }
  };
  far.on('error', () => {});
  readMessages(far, true, ({ type, bytes }) => {
    if (!isLoggedIn && type === 'S') greeting.push(bytes);
    if (type !== 'K') owner?.write(bytes);
    if (type !== 'Z') return;
    if (!isLoggedIn) greeting.push(bytes);
    isLoggedIn = true;
    // 'I': no transaction is open.
    if (bytes[5] === 'I'.charCodeAt(0)) owner = null;
    send();
  });
  const server = createServer({ noDelay: true }, (client) => {
    clients.add(client);
    client.on('error', () => {}).on('close', () => clients.delete(client));
    readMessages(client, false, ({ type, bytes }) => {
      // The session outlives its clients.
      if (type === 'X') return void client.end();
      if (type === '' && bytes.readInt32BE(4) === tlsRequest) return void client.write('N');
      if (type === '' && isLoggedIn)
        return void client.write(Buffer.concat([Buffer.from('R\0\0\0\x08\0\0\0\0'), ...greeting]));
      waiting.push({ client, bytes });
      send();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the pooler has no port');
  const url = new URL(databaseUrl);
  url.port = String(address.port);
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      for (const socket of [far, ...clients]) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Reads messages of PostgreSQL's protocol. Those before a client is logged in have no type. */
function readMessages(socket: Socket, isTyped: boolean, onMessage: (message: Message) => void): void {
  let rest = Buffer.alloc(0);
  let hasType = isTyped;
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const at = hasType ? 1 : 0;
      const length = rest.length >= at + 4 ? at + rest.readInt32BE(at) : Number.POSITIVE_INFINITY;
      if (rest.length < length) return;
      const bytes = rest.subarray(0, length);
      rest = rest.subarray(length);
      const type = hasType ? String.fromCharCode(bytes[0] ?? 0) : '';
      if (!hasType && bytes.readInt32BE(4) !== tlsRequest) hasType = true;
      onMessage({ type, bytes });
    }
  });
}
