import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { examples } from '../../apps/cli/src/testing.ts';
import { makeCertificate } from '../../apps/cli/src/testing-certificate.ts';
import { forward, startHttpServer } from '../../apps/cli/src/testing-servers.ts';
import { errorXml, type S3Habits, startS3Server } from '../../packages/engine/src/testing/s3-test-server.ts';
import type { StandIn } from './stand-in.ts';

/** Any S3 service with the buckets of the examples. */
export async function startS3(): Promise<StandIn> {
  return asStandIn(await startStorage());
}

/** Lets every key list the buckets, but no key read an object. */
export async function startS3WithoutReading(): Promise<StandIn> {
  return asStandIn(await startS3Server(await exampleBuckets(), () => ({ status: 403, code: 'AccessDenied' })));
}

function asStandIn(server: Awaited<ReturnType<typeof startS3Server>>): StandIn {
  return { endpoint: server.options.endpoint, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Refuses requests that are signed for another region, as AWS does. */
export function startAws(region: string): () => Promise<StandIn> {
  return async () => {
    await using resources = new AsyncDisposableStack();
    const storage = resources.use(await startS3());
    const expected = `; the region is wrong; expecting '${region}'`;
    const server = await startHttpServer((incoming, response) => {
      const isExpected = incoming.headers.authorization?.includes(`/${region}/s3/`) ?? false;
      if (isExpected) forward(incoming, response, new URL(incoming.url ?? '', storage.endpoint));
      else
        refuse(
          incoming,
          response,
          400,
          errorXml('AuthorizationHeaderMalformed', expected, `<Region>${region}</Region>`),
        );
    });
    const { endpoint } = resources.use(server);
    return standIn(resources, { endpoint });
  };
}

/** Has a certificate of a private authority; the pages name its file `/etc/ssl/example-ca.pem`. */
export async function startMinio(): Promise<StandIn> {
  await using resources = new AsyncDisposableStack();
  const storage = resources.use(await startS3());
  const certificate = await makeCertificate('127.0.0.1');
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-'));
  resources.defer(() => rm(directory, { recursive: true, force: true }));
  const authority = join(directory, 'ca.pem');
  await writeFile(authority, certificate.cert);
  const server = await startHttpServer(
    (incoming, response) => forward(incoming, response, new URL(incoming.url ?? '', storage.endpoint)),
    certificate,
  );
  const { endpoint } = resources.use(server);
  return standIn(resources, {
    endpoint,
    replaced: new Map([['/etc/ssl/example-ca.pem', authority]]),
  });
}

/**
 * Requires the bucket in the host name, and has ETags that are not MD5 sums, like OBS with server-side encryption. No
 * DNS server knows these host names, so commands reach it as a proxy.
 */
export function startObs(host: string): () => Promise<StandIn> {
  return async () => {
    await using resources = new AsyncDisposableStack();
    const etagOf = (_key: string, md5: string) => md5.split('').toReversed().join('');
    const storage = resources.use(await startStorage({ etagOf }));
    const server = await startHttpServer((incoming, response) => {
      const { hostname, pathname, search } = new URL(incoming.url ?? '');
      const bucket = hostname.slice(0, -host.length - 1);
      if (bucket === '') refuse(incoming, response, 403, errorXml('VirtualHostDomainRequired'));
      else forward(incoming, response, new URL(`/${bucket}${pathname}${search}`, storage.options.endpoint));
    });
    const { endpoint: proxy } = resources.use(server);
    return standIn(resources, {
      endpoint: `http://${host}`,
      environment: { HTTP_PROXY: proxy },
    });
  };
}

async function startStorage(habits: S3Habits = {}): ReturnType<typeof startS3Server> {
  // A backup is older than its objects.
  return await startS3Server(await exampleBuckets(), () => null, { modifiedAt: new Date(), ...habits });
}

function standIn(resources: AsyncDisposableStack, found: Omit<StandIn, typeof Symbol.asyncDispose>): StandIn {
  const kept = resources.move();
  return { ...found, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function refuse(incoming: IncomingMessage, response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(incoming.method === 'HEAD' ? '' : xml);
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
