import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorXml, startS3Server } from '../../packages/engine/src/testing/s3-test-server.ts';

/** Ways in which storage is away: nothing listens, nothing answers, everything is refused, connections break. */
export const awayWays = ['refuse', 'hang', 'throttle', 'reset'] as const;
export type AwayWay = (typeof awayWays)[number];

/** Objects by key, by bucket. */
export type Buckets = Map<string, Map<string, Uint8Array>>;

type S3Server = Awaited<ReturnType<typeof startS3Server>>;
type Held = () => void;

/**
 * S3 over HTTP at a fixed address. It can be taken away and given back, as a whole or for one bucket. Requests that
 * hang are answered when it is given back.
 */
export class StorageGate implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true });
  #server: Server | null = null;
  #port = 0;
  #upstream: S3Server | null = null;
  #away: { readonly way: AwayWay; readonly bucket: string | null } | null = null;
  #held: Held[] = [];
  /** Requests that would have changed a bucket. */
  readonly writes: string[] = [];
  /** Delay of each answer. */
  latencyMs = 0;

  static async open(): Promise<StorageGate> {
    const gate = new StorageGate();
    await gate.#listen();
    return gate;
  }

  /** The value for `--storage`. */
  get specification(): string {
    return `s3:http://127.0.0.1:${this.#port}`;
  }

  /** Number of requests that hang. */
  get heldCount(): number {
    return this.#held.length;
  }

  /** Replaces what is stored. */
  async store(buckets: Buckets): Promise<void> {
    const before = this.#upstream;
    const contents = [...buckets].map(([bucket, objects]) => [bucket, Object.fromEntries(objects)] as const);
    this.#upstream = await startS3Server(Object.fromEntries(contents));
    await before?.[Symbol.asyncDispose]();
  }

  /** Takes storage away, or only one bucket if it is named; that cannot be `refuse`. */
  async takeAway(way: AwayWay, bucket: string | null = null): Promise<void> {
    this.#away = { way, bucket };
    if (way === 'refuse') await this.#close();
  }

  async giveBack(): Promise<void> {
    this.#away = null;
    if (this.#server === null) await this.#listen();
    for (const answer of this.#held.splice(0)) answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#upstream?.[Symbol.asyncDispose]();
    this.#agent.destroy();
  }

  async #listen(): Promise<void> {
    const server = createServer((incoming, response) => this.#answer(incoming, response));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    // It listens on a port, so its address is not a pipe's.
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = incoming;
    if (method !== 'GET' && method !== 'HEAD') this.writes.push(`${method} ${url}`);
    const away = this.#away;
    const [, bucket = ''] = url.split(/[/?]/);
    if (away === null || (away.bucket !== null && away.bucket !== bucket)) {
      setTimeout(() => this.#forward(incoming, response), this.latencyMs);
    } else if (away.way === 'hang') this.#held.push(() => this.#forward(incoming, response));
    else if (away.way === 'throttle') response.writeHead(503).end(errorXml('SlowDown'));
    else incoming.socket.destroy();
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    if (response.destroyed || this.#upstream === null) {
      response.destroy();
      return;
    }
    const url = new URL(incoming.url ?? '/', this.#upstream.options.endpoint);
    const { range, 'if-match': ifMatch } = incoming.headers;
    const headers = { ...(range !== undefined && { range }), ...(ifMatch !== undefined && { 'if-match': ifMatch }) };
    const forwarded = request(url, { method: incoming.method, headers, agent: this.#agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.once('error', () => response.destroy());
    });
    forwarded.once('error', () => response.destroy());
    forwarded.end();
  }
}
