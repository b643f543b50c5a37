import { Socket } from 'node:net';
import pg from 'pg';

/** How to connect to the database. */
export type Address = Pick<pg.ClientConfig, 'connectionString' | 'ssl' | 'application_name'>;

/** Time until the database has to answer, in milliseconds. No statement of a session waits for anything. */
const answersWithinMs = 5_000;
/** Time until a session that ends is cut off, in milliseconds. */
const endsWithinMs = 1_000;
/**
 * Time after which the server ends a session that asks nothing, in milliseconds. Otherwise it would keep the locks of a
 * node that has gone without a word, for hours. Longer than a node takes to notice that its session is lost.
 */
const serverWaitsMs = 20_000;

/** Whether a session was lost because the database said nothing. Its other connections would hang then, too. */
export function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** One session of the database. It is lost with its first error. */
export class Session implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #socket: Socket;
  readonly #losing = new AbortController();
  readonly #locks = new Set<string>();
  /** The statements so far. A client runs one at a time. */
  #asked: Promise<unknown> = Promise.resolve();
  onNotification: (channel: string, payload: string) => void = () => {};

  private constructor(address: Address) {
    this.#socket = new Socket();
    this.#client = new pg.Client({
      ...address,
      keepAlive: true,
      connectionTimeoutMillis: answersWithinMs,
      query_timeout: answersWithinMs,
      // To cut a connection whose other side has gone without a word: the client would wait for its answer.
      stream: () => this.#socket,
    });
    this.#client.on('error', (error) => this.#lose(error));
    this.#client.on('end', () => this.#lose(new Error('the database closed the connection')));
    this.#client.on('notification', ({ channel, payload }) => this.onNotification(channel, payload ?? ''));
  }

  /** Throws the error of the database. */
  static async open(address: Address): Promise<Session> {
    const session = new Session(address);
    try {
      await session.#client.connect();
      await session.#client.query(`set idle_session_timeout = ${serverWaitsMs}`);
    } catch (error) {
      session.#lose(error);
      throw error;
    }
    return session;
  }

  /** Aborted when the session is lost. */
  get lost(): AbortSignal {
    return this.#losing.signal;
  }

  /** Throws if the session is lost. */
  async check(): Promise<void> {
    await this.#ask('select 1');
  }

  async listen(channel: string): Promise<void> {
    await this.#ask(`listen ${pg.escapeIdentifier(channel)}`);
  }

  /** Takes a lock. False if it is taken already. */
  async tryLock(name: string): Promise<boolean> {
    // A session may take its own lock twice.
    if (this.#locks.has(name)) return false;
    this.#locks.add(name);
    const isTaken = await this.#ask('select pg_try_advisory_lock(hashtextextended($1, 0)) as taken', [name]);
    if (isTaken !== true) this.#locks.delete(name);
    return isTaken === true;
  }

  /** Frees a lock. One of a lost session is free already. */
  async unlock(name: string): Promise<void> {
    if (!this.#locks.has(name) || this.lost.aborted) return;
    await this.#ask('select pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(() => {});
    this.#locks.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const late = setTimeout(() => this.#socket.destroy(), endsWithinMs);
    await this.#client.end().catch(() => {});
    clearTimeout(late);
    this.#socket.destroy();
  }

  /** Runs a statement after those before it, and returns the first value of its first row. */
  #ask(text: string, values: readonly unknown[] = []): Promise<unknown> {
    const asked = this.#asked.then(async () => {
      this.lost.throwIfAborted();
      try {
        const { rows } = await this.#client.query<unknown[]>({ text, values: [...values], rowMode: 'array' });
        return rows[0]?.[0];
      } catch (error) {
        this.#lose(error);
        throw error;
      }
    });
    this.#asked = asked.catch(() => {});
    return asked;
  }

  #lose(error: unknown): void {
    if (this.lost.aborted) return;
    this.#losing.abort(error);
    this.#socket.destroy();
  }
}
