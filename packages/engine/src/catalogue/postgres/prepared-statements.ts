import { createHash } from 'node:crypto';
import pg from 'pg';
import { isLostStatement, isStaleStatement } from './postgres-fault.ts';

/** Number of texts with names: the server keeps a plan of each for every connection. The steps have about a hundred. */
const namesMax = 300;

/** The names of texts, the same in every process. */
const names = new Map<string, string>();

/** Gives a text a name, by which connections prepare it. Texts beyond the maximum are sent without one. */
export function nameText(text: string): void {
  if (names.size >= namesMax || names.has(text)) return;
  names.set(text, `backup_sync_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`);
}

/** The names that the connections of a pool may use. */
export class StatementNames {
  #areLost = false;

  /** Returns the name of a text; undefined if it is to be sent without one. */
  of(text: string): string | undefined {
    return this.#areLost ? undefined : names.get(text);
  }

  /** No connection of the pool uses names from now on. */
  lose(): void {
    this.#areLost = true;
  }
}

type Send = (query: string | pg.QueryConfig, values?: unknown, callback?: unknown) => Promise<unknown>;

/**
 * Returns the class of a pool's connections. They send texts with a name as prepared statements, which the server parses
 * once for a connection, and plans at most a few times.
 *
 * After an error of a statement that changed its result type or was lost, its transaction has to be run again, see
 * `isPassing`. What is sent then has no name: on this connection, or on all of the pool if a pooler gives connections the
 * statements of others.
 */
export function preparingClient(statements: StatementNames): typeof pg.Client {
  return class PreparingClient extends pg.Client {
    #hasStale = false;

    // `never` agrees with the results of all forms of the method.
    override query(query: string | pg.QueryConfig, values?: unknown, callback?: unknown): never {
      return this.#send(super.query.bind(this) as Send, query, values, callback) as never;
    }

    #send(send: Send, query: string | pg.QueryConfig, values: unknown, callback: unknown): Promise<unknown> {
      const isPlain = typeof query !== 'string' || !Array.isArray(values) || callback !== undefined;
      const name = isPlain || this.#hasStale ? undefined : statements.of(query);
      if (isPlain || name === undefined) return send(query, values, callback);
      return send({ name, text: query, values }).catch((error: unknown) => {
        if (isStaleStatement(error)) this.#hasStale = true;
        if (isLostStatement(error)) statements.lose();
        throw error;
      });
    }
  };
}
