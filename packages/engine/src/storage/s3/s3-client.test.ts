import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { errorXml, listBucketResult, startHttpServer } from '../../testing/s3-test-server.ts';
import { expectCode, listAll, readAll } from '../storage-conformance.ts';
import { createS3Client } from './s3-client.ts';
import { askV1, askV2 } from './s3-listing-request.ts';
import { openS3StorageUnit, S3StorageUnit } from './s3-storage-unit.ts';

/** Answers a request with its path: as the bytes of an object, or as the only key of a listing. */
function answerPath({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const [path = ''] = url.split('?');
  if (/^\/[^/]*\/$/.test(path)) {
    response.end(listBucketResult({ entries: [{ key: path }] }));
    return;
  }
  const headers = { 'content-length': path.length, etag: '"e"', 'last-modified': new Date(0).toUTCString() };
  response.writeHead(200, headers).end(method === 'HEAD' ? '' : path);
}

test('requests at the same time share neither bucket nor signal', async () => {
  const buckets = Array.from({ length: 10 }, (_, at) => `bucket-${at}`);
  const arrived = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  let requests = 0;
  await using server = await startHttpServer(async (request, response) => {
    requests += 1;
    if (requests === buckets.length * 4) arrived.resolve();
    await leave.promise;
    if (!request.url?.endsWith('/left?x-id=GetObject')) answerPath(request, response);
  });
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options });
  const abortion = new AbortController();
  const all = buckets.map((bucket) => {
    const { signal } = new AbortController();
    return Promise.all([
      unit.get({ bucket, key: 'left', signal: abortion.signal }).catch((error: unknown) => error),
      unit.get({ bucket, key: 'read', signal }).then(async ({ body }) => (await readAll(body)).toString()),
      unit.head({ bucket, key: 'a longer key', signal }).then(({ size }) => size),
      listAll(unit, bucket).then((entries) => entries.map(({ key }) => key)),
    ]);
  });
  await arrived.promise;
  abortion.abort('no longer needed');
  leave.resolve();
  expect(await Promise.all(all)).toEqual(
    buckets.map((bucket) => [
      'no longer needed',
      `/${bucket}/read`,
      `/${bucket}/a%20longer%20key`.length,
      [`/${bucket}/`],
    ]),
  );
});

test('each request is signed with the credentials of its time', async () => {
  let credentials = 0;
  await using machine = await startHttpServer((_, response) => {
    credentials += 1;
    const names = { AccessKeyId: `KEY${credentials}`, SecretAccessKey: 'secret', Token: `token ${credentials}` };
    // The SDK asks again when they expire within five minutes.
    response.end(JSON.stringify({ ...names, Expiration: new Date(Date.now() + 60_000).toISOString() }));
  });
  const signedBy: string[] = [];
  await using server = await startHttpServer((request, response) => {
    const { authorization = '', 'x-amz-security-token': token } = request.headers;
    signedBy.push(`${/Credential=(\w+)/.exec(authorization)?.[1]} and ${token}`);
    answerPath(request, response);
  });
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${machine.options.endpoint}/credentials`);
  const { endpoint, region } = server.options;
  await using unit = await openS3StorageUnit({ id: 's3', endpoint, region });
  // The SDK gets new ones in the background.
  await vi.waitFor(async () => {
    await unit.head({ bucket: 'bucket', key: 'a' });
    expect(signedBy.at(-1)).not.toBe('KEY1 and token 1');
  });
  expect(signedBy[0]).toBe('KEY1 and token 1');
  expect(signedBy.at(-1)).toMatch(/^KEY(\d) and token \1$/);
});

test('requests have no headers that other services than Amazon may refuse', async () => {
  const seen: IncomingHttpHeaders[] = [];
  await using server = await startHttpServer((request, response) => {
    seen.push(request.headers);
    answerPath(request, response);
  });
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options });
  await readAll((await unit.get({ bucket: 'bucket', key: 'a' })).body);
  await unit.head({ bucket: 'bucket', key: 'a' });
  await listAll(unit, 'bucket');
  expect(seen).toHaveLength(3);
  for (const { 'user-agent': userAgent, ...headers } of seen) {
    expect(userAgent).toBe('backup-sync');
    expect(Object.keys(headers).toSorted()).toEqual([
      'amz-sdk-invocation-id',
      'amz-sdk-request',
      'authorization',
      'connection',
      'host',
      'x-amz-content-sha256',
      'x-amz-date',
    ]);
  }
});

test('the SDK does not read the objects of a listing again', async () => {
  await using server = await startHttpServer(answerPath);
  await using client = disposable(createS3Client(server.options));
  const page = { bucket: 'bucket', prefix: '', delimiter: undefined, position: undefined, token: undefined };
  for (const ask of [askV2, askV1]) {
    const answer = await ask(client, { ...page, signal: undefined });
    expect(answer.objects?.map(({ key }) => key)).toEqual(['/bucket/']);
    expect(answer.Contents).toBeUndefined();
  }
});

function disposable<Client extends { destroy(): void }>(client: Client): Client & AsyncDisposable {
  return Object.assign(client, { [Symbol.asyncDispose]: async () => client.destroy() });
}

test('a listing that fails after it has begun is not a listing', async () => {
  await using server = await startHttpServer((_, response) => {
    response.writeHead(200).write('<?xml version="1.0" encoding="UTF-8"?>\n');
    response.end(errorXml('SlowDown').replace(/^<\?xml[^>]*\?>/, ''));
  });
  await using unit = new S3StorageUnit('s3', createS3Client(server.options));
  await expectCode('throttled', listAll(unit, 'bucket'));
});
