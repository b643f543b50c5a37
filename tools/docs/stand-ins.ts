import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { examples } from '../../apps/cli/src/testing.ts';
import { startHttpServer } from '../../apps/cli/src/testing-servers.ts';
import { startKeystone } from '../../packages/engine/src/testing/keystone-server.ts';
import { startS3Server } from '../../packages/engine/src/testing/s3-test-server.ts';

/** A server on loopback that answers for an address that pages name. */
export type StandIn = AsyncDisposable & { readonly endpoint: string };

/** Starts what answers for an address, with the buckets of the examples. */
export const standIns: ReadonlyMap<string, () => Promise<StandIn>> = new Map([
  ['https://s3.eu-central-1.amazonaws.com', startS3],
  ['https://minio.example.com:9000', startS3],
  ['https://obs.eu-de.otc.t-systems.com', startS3],
  ['https://swift.example.com:8080', startS3],
  ['https://denied.example.com:9000', startS3WithoutReading],
  ['https://s3.eu-west-3.amazonaws.com', startS3OfAnotherRegion],
  ['https://keystone.example.com:5000', startIdentity],
]);

async function startS3(): Promise<StandIn> {
  return standInOf(await startS3Server(await exampleBuckets()));
}

/** Lets every key list the buckets, and none read an object. */
async function startS3WithoutReading(): Promise<StandIn> {
  return standInOf(await startS3Server(await exampleBuckets(), () => ({ status: 403, code: 'AccessDenied' })));
}

/** Refuses what is signed for the default region, as S3 of Amazon does. */
async function startS3OfAnotherRegion(): Promise<StandIn> {
  const refusal =
    '<Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the region ' +
    "'us-east-1' is wrong; expecting 'eu-west-3'</Message><Region>eu-west-3</Region></Error>";
  return startHttpServer((request, response) => {
    response.writeHead(400, { 'content-type': 'application/xml' }).end(request.method === 'HEAD' ? '' : refusal);
  });
}

function standInOf(server: Awaited<ReturnType<typeof startS3Server>>): StandIn {
  return { endpoint: server.options.endpoint, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** The buckets of the examples: the content of each object by its key. */
async function exampleBuckets(): Promise<Record<string, Record<string, Uint8Array>>> {
  const root = join(examples, 'buckets');
  const buckets: Record<string, Record<string, Uint8Array>> = {};
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const [bucket = '', ...key] = relative(root, path).split(sep);
    buckets[bucket] = { ...buckets[bucket], [key.join('/')]: await readFile(path) };
  }
  return buckets;
}

async function startIdentity(): Promise<StandIn> {
  const server = await startKeystone({ nowMs: () => Date.now() });
  server.tokens.set('keystone-token-of-an-operator', { name: 'operator', projectId: 'p', roles: ['member'] });
  const endpoint = server.options.url.replace(/\/v3$/, '');
  return { endpoint, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<string> {
  await using server = await startHttpServer(() => {});
  return new URL(server.endpoint).port;
}
