import { Socket } from 'node:net';
import { Kysely } from 'kysely';
import pg from 'pg';
import type { Schema } from '../schema.ts';
import { CatalogueDialect } from './postgres-dialect.ts';
import { preparingClient, StatementNames } from './prepared-statements.ts';

/** Milliseconds that a step waits for a connection: while all are in use, or while the server cannot be reached. */
const connectionTimeoutMs = 10_000;

/**
 * Limits of a session, in milliseconds. They keep a process that was stopped in the middle of a step from holding its
 * locks. Statements outside of transactions are isolated as the steps expect, whatever the database's default. Set by
 * statements, because poolers refuse them as parameters of a connection.
 */
const limitSession = `set default_transaction_isolation = 'read committed'; set lock_timeout = 30000;
  set idle_in_transaction_session_timeout = 15000; set statement_timeout = 120000`;
/** Time until the database has to answer, in milliseconds. A little more than it lets a statement take. */
const answersWithinMs = 130_000;
/** Time until connections that end are cut off, in milliseconds. */
const endsWithinMs = 5_000;

/** Numbers of 64 bits and sums of them. All that are stored are exact in JavaScript. */
const numberTypes: ReadonlySet<number> = new Set([pg.types.builtins.INT8, pg.types.builtins.NUMERIC]);

const types: pg.CustomTypesConfig = {
  getTypeParser: (id, format) => (numberTypes.has(id) ? Number : pg.types.getTypeParser(id, format)),
};

/** The connections of a process to the database of a catalogue. */
export type ConnectionPool = {
  readonly pool: pg.Pool;
  readonly database: Kysely<Schema>;
  /** Cuts all connections, for when the database has gone without a word. What waits for its answers fails. */
  readonly cut: () => void;
  /** Cuts all connections and makes no more. */
  readonly abandon: () => void;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Opens a pool. Connections are made when they are needed. */
export function openConnectionPool(url: string, size: number): ConnectionPool {
  // The pool would wait for the other side of a connection, even if that has gone without a word.
  const sockets = new Set<Socket>();
  const pool = new pg.Pool({
    Client: preparingClient(new StatementNames()),
    connectionString: url,
    application_name: 'backup-sync',
    max: size,
    connectionTimeoutMillis: connectionTimeoutMs,
    query_timeout: answersWithinMs,
    keepAlive: true,
    types,
    stream: () => {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once('close', () => sockets.delete(socket));
    },
    // The pool waits for it before it gives the connection away, and throws its error.
    onConnect: async (client) => void (await client.query(limitSession)),
  });
  // A connection that is lost between two statements of a transaction: the next statement reports it.
  pool.on('connect', (client) => void client.on('error', () => {}));
  // A connection that is lost while nobody uses it is replaced. Steps that meet the fault report it.
  pool.on('error', () => {});
  const database = new Kysely<Schema>({ dialect: new CatalogueDialect({ pool }) });
  let ended: Promise<void> | null = null;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    pool,
    database,
    cut,
    abandon: () => {
      ended ??= pool.end();
      cut();
    },
    [Symbol.asyncDispose]: async () => {
      ended ??= pool.end();
      const late = setTimeout(cut, endsWithinMs);
      await ended;
      clearTimeout(late);
    },
  };
}
