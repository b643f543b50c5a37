import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { startKeystone } from '../../packages/engine/src/testing/keystone-server.ts';
import { startDatabase } from './database-stand-in.ts';
import type { StandIn } from './stand-in.ts';
import { startAws, startMinio, startObs, startS3, startS3WithoutReading } from './storage-stand-ins.ts';

/** Starts the replacement for an address, with the buckets of the examples. */
export const standIns: ReadonlyMap<string, () => Promise<StandIn>> = new Map([
  ['https://s3.eu-central-1.amazonaws.com', startAws('eu-central-1')],
  ['https://minio.example.com:9000', startMinio],
  ['https://obs.eu-de.otc.t-systems.com', startObs('obs.eu-de.otc.t-systems.com')],
  ['https://s3.example.com', startS3],
  ['https://swift.example.com:8080', startS3],
  ['https://denied.example.com:9000', startS3WithoutReading],
  ['https://s3.eu-west-3.amazonaws.com', startAws('eu-west-3')],
  ['https://keystone.example.com:5000', startIdentity],
  ['database.example.com:5432', startDatabase],
]);

async function startIdentity(): Promise<StandIn> {
  const server = await startKeystone({ nowMs: () => Date.now() });
  server.tokens.set('keystone-token-of-an-operator', { name: 'operator', projectId: 'p', roles: ['member'] });
  const endpoint = server.options.url.replace(/\/v3$/, '');
  return { endpoint, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/**
 * An unused port. Servers that take any free port, such as a stand-in of another page, do not get it meanwhile: such
 * ports are 32768 or higher.
 */
export async function freePort(): Promise<string> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return String(port);
    }
  }
}

const given = new Set<number>();

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
