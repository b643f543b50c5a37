import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { errorXml, listBucketResult, startHttpServer } from '../../testing/s3-test-server.ts';
import { readRange, versionIn } from '../ranged-read-conformance.ts';
import { expectCode, listAll, readAll } from '../storage-conformance.ts';
import { openS3StorageUnit } from './s3-storage-unit.ts';

const accessKeyId = 'KNOWN';
const secretAccessKey = 'a secret';
const key = 'a folder/é+%20&x';
const etag = createHash('md5').update('hello').digest('hex');

/** A service that has one object and answers only requests signed as Amazon publishes it (Signature Version 4). */
function startSigningServer() {
  return startHttpServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const refusal = refusalOf(request);
    const path = decodeURIComponent(url.pathname);
    if (refusal !== null) {
      response.writeHead(403).end(request.method === 'HEAD' ? '' : errorXml(refusal));
    } else if (path === '/bucket/') {
      response.end(listBucketResult({ entries: [{ key, size: 5, etag }] }));
    } else if (path !== `/bucket/${key}`) {
      response.writeHead(404).end(errorXml(path.startsWith('/bucket/') ? 'NoSuchKey' : 'NoSuchBucket'));
    } else {
      const isRange = request.headers.range === 'bytes=1-3' && request.headers['if-match'] === `"${etag}"`;
      const body = isRange ? 'ell' : 'hello';
      response.writeHead(isRange ? 206 : 200, {
        'content-length': body.length,
        etag: `"${etag}"`,
        'last-modified': new Date(0).toUTCString(),
        ...(isRange && { 'content-range': 'bytes 1-3/5' }),
      });
      response.end(request.method === 'HEAD' ? '' : body);
    }
  });
}

/** The code with which S3 refuses the request; null if it is signed with the key's secret. */
function refusalOf({ method, url = '', headers }: IncomingMessage): string | null {
  const [, access, date = '', region = '', signed = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (access !== accessKeyId) return 'InvalidAccessKeyId';
  const [path, query = ''] = url.split('?');
  const canonical = [
    method,
    path,
    query.split('&').toSorted().join('&'),
    ...signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${date}/${region}/s3/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${headers['x-amz-date']}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const signingKey = [date, region, 's3', 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  return hmac(signingKey, text).toString('hex') === signature ? null : 'SignatureDoesNotMatch';
}

function hmac(secret: Buffer, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

test('requests are signed as S3 requires, whatever characters the key has', async () => {
  await using server = await startSigningServer();
  const credentials = { accessKeyId, secretAccessKey };
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options, credentials });
  expect(await listAll(unit, 'bucket', 'a folder/')).toMatchObject([{ key, size: 5, etag, archived: false }]);
  expect(await unit.head({ bucket: 'bucket', key })).toMatchObject({ size: 5, etag, encryptedByKey: false });
  expect((await readAll((await unit.get({ bucket: 'bucket', key })).body)).toString()).toBe('hello');
  expect(await readRange(unit, key, 1, 4, await versionIn(unit, key))).toBe('ell');
  await expectCode('object_not_found', unit.get({ bucket: 'bucket', key: 'another' }));
  await expectCode('bucket_not_found', listAll(unit, 'another'));
});

test('an unknown access key and a wrong secret have different codes', async () => {
  await using server = await startSigningServer();
  for (const [code, credentials] of [
    ['storage_key_unknown', { accessKeyId: 'wrong', secretAccessKey }],
    ['storage_secret_wrong', { accessKeyId, secretAccessKey: 'wrong' }],
  ] as const) {
    await using unit = await openS3StorageUnit({ id: 's3', ...server.options, credentials });
    await expectCode(code, unit.get({ bucket: 'bucket', key: 'a' }));
    await expectCode(code, unit.head({ bucket: 'bucket', key: 'a' }));
  }
});
