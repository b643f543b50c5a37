import { Kysely, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { type ConnectionPool, openConnectionPool } from '../../catalogue/postgres/connection-pool.ts';
import { CatalogueDialect } from '../../catalogue/postgres/postgres-dialect.ts';
import { runStepOnPostgres } from '../../catalogue/postgres/run-step-on-postgres.ts';
import type { AskedStep } from '../../catalogue/run-step.ts';
import type { Schema } from '../../catalogue/schema.ts';

/** What a step came to: its answer as JSON, with its lists in the order of their text, or the message of its error. */
export type Outcome = { readonly answer: string } | { readonly error: string };

/** One run of a step. */
export type HeldRun = {
  /** Whether the step was held before the statement that was asked for, or has settled without it. */
  readonly stop: Promise<'held' | 'settled'>;
  /** Lets a held step continue. */
  readonly resume: () => void;
  readonly outcome: Promise<Outcome>;
};

/** A session of the database, on which a step can be held before any of its statements. */
export class HeldSession implements AsyncDisposable {
  readonly #connections: ConnectionPool;
  readonly #database: Kysely<Schema>;
  /** The statements of the current run so far. */
  #statements: string[] = [];
  #holdAt: number | null = null;
  #held = Promise.withResolvers<'held'>();
  #resumed = Promise.withResolvers<void>();
  #processId = 0;

  constructor(url: string) {
    this.#connections = openConnectionPool(url, 1);
    const { pool } = this.#connections;
    const held: PostgresPool = {
      connect: async () => this.#hold((await pool.connect()) as PostgresPoolClient),
      end: () => pool.end(),
      options: pool.options,
    };
    this.#database = new Kysely<Schema>({ dialect: new CatalogueDialect({ pool: held }) });
  }

  /** The process of the server that runs the statements; 0 before the first. */
  get processId(): number {
    return this.#processId;
  }

  /** The statements of the last run. */
  get statements(): readonly string[] {
    return this.#statements;
  }

  /** Starts a step. It is held before its statement of this number, from 0. With null, it is not held. */
  run(asked: Omit<AskedStep, 'event' | 'fence'>, holdAt: number | null): HeldRun {
    this.#statements = [];
    this.#holdAt = holdAt;
    this.#held = Promise.withResolvers();
    this.#resumed = Promise.withResolvers();
    const outcome = runStepOnPostgres(this.#database, { ...asked, event: null, fence: null }, async () => {}).then(
      (answer): Outcome => ({ answer: JSON.stringify(answer ?? null, sortLists) }),
      (error: unknown): Outcome => ({ error: String(error) }),
    );
    const settled = outcome.then((): 'settled' => 'settled');
    return { stop: Promise.race([this.#held.promise, settled]), resume: this.#resumed.resolve, outcome };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]();
  }

  #hold(client: PostgresPoolClient): PostgresPoolClient {
    this.#processId = client.processID ?? 0;
    const query = async (statement: string, parameters: readonly unknown[]) => {
      const number = this.#statements.push(statement) - 1;
      if (number === this.#holdAt) {
        this.#held.resolve('held');
        await this.#resumed.promise;
      }
      return await client.query(statement, parameters);
    };
    // Steps use no cursors.
    return { ...client, query: query as PostgresPoolClient['query'], release: () => client.release() };
  }
}

/** The lists of answers are in no particular order: of what has ended, and of what is due. */
function sortLists(_: string, value: unknown): unknown {
  return Array.isArray(value)
    ? value.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
    : value;
}
