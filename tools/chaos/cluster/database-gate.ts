import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Ways to cut connections: they are reset and no new ones are accepted, or nothing more is passed on. */
export const cutWays = ['reset', 'silent'] as const;
export type CutWay = (typeof cutWays)[number];

/** The way from one node to the database: a TCP proxy at a fixed port that can be cut. */
export class DatabaseGate implements AsyncDisposable {
  readonly #server: Server;
  readonly #databasePort: number;
  readonly #sockets = new Set<Socket>();
  #cut: CutWay | null = null;
  /** Number of times that it was cut. */
  cuts = 0;

  static async open(databasePort: number): Promise<DatabaseGate> {
    const gate = new DatabaseGate(databasePort);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  private constructor(databasePort: number) {
    this.#databasePort = databasePort;
    this.#server = createServer((socket) => this.#pass(socket));
  }

  get port(): number {
    // It listens on a port, so its address is not a pipe's.
    return (this.#server.address() as AddressInfo).port;
  }

  get isCut(): boolean {
    return this.#cut !== null;
  }

  cut(way: CutWay): void {
    this.cuts += 1;
    this.#cut = way;
    for (const socket of this.#sockets) {
      if (way === 'reset') socket.destroy();
      else socket.pause();
    }
  }

  mend(): void {
    this.#cut = null;
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pass(node: Socket): void {
    if (this.#cut === 'reset') {
      node.destroy();
      return;
    }
    const database = connect(this.#databasePort, '127.0.0.1');
    this.#join(node, database);
    this.#join(database, node);
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => to.write(bytes));
    if (this.#cut === 'silent') from.pause();
    from.once('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    // The close that follows ends both.
    from.on('error', () => {});
  }
}
