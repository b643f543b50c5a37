import type { RequestListener, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { errorXml, listBucketResult, startHttpServer } from '../../testing/s3-test-server.ts';
import type { StorageErrorCode } from '../port.ts';
import { collect, expectCode, listAll, readAll } from '../storage-conformance.ts';
import { createS3Client, type S3Patience } from './s3-client.ts';
import { toStorageError } from './s3-error.ts';
import { S3StorageUnit } from './s3-storage-unit.ts';

const impatience: S3Patience = { attemptsMax: 1, connectTimeoutMs: 1_000, idleTimeoutMs: 1_000 };
const object = { bucket: 'bucket', key: 'a/b' };

/** A storage unit on a server with these answers. */
async function openOn(answer: RequestListener, patience: Partial<S3Patience> = {}) {
  const server = await startHttpServer(answer);
  const unit = new S3StorageUnit('s3', createS3Client(server.options, { ...impatience, ...patience }));
  return {
    unit,
    async [Symbol.asyncDispose]() {
      await unit[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function beginBody(response: ServerResponse, contentLength: number): void {
  response.writeHead(200, {
    'content-length': contentLength,
    'last-modified': 'Sun, 01 Mar 2026 02:00:00 GMT',
    etag: '"0123"',
  });
}

const answers: readonly [status: number, code: string, expected: StorageErrorCode, message?: string][] = [
  [404, 'NoSuchBucket', 'bucket_not_found'],
  [404, 'NoSuchKey', 'object_not_found'],
  [400, 'KeyTooLongError', 'object_not_found'],
  [403, 'AccessDenied', 'access_denied'],
  [403, 'InvalidAccessKeyId', 'storage_key_unknown'],
  [403, 'SignatureDoesNotMatch', 'storage_secret_wrong'],
  [403, 'SomethingNew', 'access_denied'],
  [401, 'SomethingNew', 'access_denied'],
  [400, 'ExpiredToken', 'storage_token_expired'],
  [400, 'KMS.DisabledException', 'access_denied'],
  [403, 'InvalidObjectState', 'archived'],
  [400, 'InvalidRequest', 'encrypted_customer_key', 'The object was stored using a form of Server Side Encryption.'],
  [503, 'SlowDown', 'throttled'],
  [503, 'SomethingNew', 'throttled'],
  [429, 'SomethingNew', 'throttled'],
  [500, 'InternalError', 'unreachable'],
  [502, 'SomethingNew', 'unreachable'],
];

test.each(answers)('get reports HTTP %i %s as %s', async (status, code, expected, message) => {
  await using served = await openOn((_, response) => response.writeHead(status).end(errorXml(code, message)));
  const error = await expectCode(expected, served.unit.get(object));
  expect(error.message).toBe(`"a/b" in bucket "bucket": the service answers ${code} (HTTP ${status})`);
});

test('a page that is not from S3 counts neither as an absent object nor as an empty listing', async () => {
  for (const status of [200, 404]) {
    await using served = await openOn((_, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html><body><p>Welcome</body></html>'),
    );
    const error = await expectCode('unreachable', listAll(served.unit, 'bucket'));
    expect(error.message).toMatch(
      new RegExp(
        `the service answers HTTP ${status} with HTML, not as S3; check that this is the address of the S3 API`,
      ),
    );
    if (status === 404) {
      await expectCode('unreachable', served.unit.get(object));
      await expectCode('unreachable', served.unit.head(object));
    }
  }
  const others = [
    ['', 'the answer is not a listing; check that this is the address of the S3 API'],
    ['<html><p>Welcome</p></html>', 'the answer is not a listing; check that this is the address of the S3 API'],
    [
      '{"status":"ok"}',
      'the service answers HTTP 200 without the XML of S3; check that this is the address of the S3 API',
    ],
  ] as const;
  for (const [body, words] of others) {
    await using served = await openOn((_, response) => response.end(body));
    const error = await expectCode('unreachable', listAll(served.unit, 'bucket'));
    expect(error.message).toContain(words);
  }
});

test('a fault inside the SDK is reported with its own words, not as an answer of the service', () => {
  const error = toStorageError(new TypeError('cannot sign AKIAIOSFODNN7EXAMPLE'), 'bucket "b"');
  expect(error).toMatchObject({ code: 'unreachable', message: 'bucket "b": the request failed: "cannot sign …"' });
});

test('a service that does not run is unreachable', async () => {
  const server = await startHttpServer(() => {});
  await server[Symbol.asyncDispose]();
  await using unit = new S3StorageUnit('s3', createS3Client(server.options, impatience));
  const error = await expectCode('unreachable', unit.get(object));
  expect(error.message).toContain('ECONNREFUSED');
});

test('the message distinguishes a reset connection from a timeout', async () => {
  await using resetting = await openOn((request) => request.socket.resetAndDestroy());
  const reset = await expectCode('unreachable', resetting.unit.get(object));
  expect(reset.message).toContain('the service closed the connection (ECONNRESET)');
  await using silent = await openOn(() => {}, { idleTimeoutMs: 50 });
  const late = await expectCode('unreachable', silent.unit.get(object));
  expect(late.message).toContain('the service did not answer in time');
});

test('retries when the service fails', async () => {
  let requests = 0;
  const answer: RequestListener = (_, response) => {
    requests += 1;
    if (requests === 1) response.writeHead(500).end(errorXml('InternalError'));
    else response.end(listBucketResult({ entries: [{ key: 'a' }] }));
  };
  await using served = await openOn(answer, { attemptsMax: 2 });
  expect(await listAll(served.unit, 'bucket')).toHaveLength(1);
});

test('a failing bucket uses up no retries of the others', async () => {
  let failures = 0;
  const answer: RequestListener = (request, response) => {
    if (request.url?.startsWith('/bad')) response.writeHead(500).end(errorXml('InternalError'));
    else if (failures++ === 0) response.writeHead(500).end(errorXml('InternalError'));
    else response.end(listBucketResult({ entries: [{ key: 'a' }] }));
  };
  await using served = await openOn(answer, { attemptsMax: 2 });
  // Far more than the retries that an S3 client allows until some succeed.
  const bad = Array.from({ length: 100 }, () => expectCode('unreachable', listAll(served.unit, 'bad')));
  await Promise.all(bad);
  expect(await listAll(served.unit, 'good')).toHaveLength(1);
});

test('a request that times out is retried once only', async () => {
  let requests = 0;
  const countAndKeepSilent = () => {
    requests += 1;
  };
  await using served = await openOn(countAndKeepSilent, { attemptsMax: 6, idleTimeoutMs: 50 });
  await expectCode('unreachable', listAll(served.unit, 'bucket'));
  expect(requests).toBe(2);
});

test.each([
  ['no Retry-After', {}, null],
  ['seconds', { 'retry-after': '7' }, 7_000],
  [
    'a date by the clock of the service',
    { 'retry-after': 'Sun, 01 Mar 2026 02:00:30 GMT', date: 'Sun, 01 Mar 2026 02:00:10 GMT' },
    20_000,
  ],
  ['nonsense', { 'retry-after': 'soon' }, null],
] as const)('does not retry when the service asks for fewer requests, with %s', async (_, headers, retryAfterMs) => {
  let requests = 0;
  const answer: RequestListener = (_, response) => {
    requests += 1;
    response.writeHead(503, headers).end(errorXml('SlowDown'));
  };
  await using served = await openOn(answer, { attemptsMax: 6 });
  const error = await expectCode('throttled', listAll(served.unit, 'bucket'));
  expect(error.retryAfterMs).toBe(retryAfterMs);
  expect(requests).toBe(1);
});

test('errors contain neither credentials nor the signed text', async () => {
  const refusal = errorXml('SignatureDoesNotMatch', 'KEYID signed').replace(
    '</Error>',
    '<AWSAccessKeyId>KEYID</AWSAccessKeyId><StringToSign>KEYID</StringToSign></Error>',
  );
  await using served = await openOn((_, response) => response.writeHead(403).end(refusal));
  const error = await expectCode('storage_secret_wrong', served.unit.get(object));
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('KEYID');
});

test('a body that ends early throws', async () => {
  await using served = await openOn((_, response) => {
    beginBody(response, 10);
    response.write('1234', () => response.destroy());
  });
  const content = await served.unit.get(object);
  expect(content.size).toBe(10);
  const error = await expectCode('unreachable', readAll(content.body));
  expect(error.message).toContain('ended after 4 of 10 bytes');
});

test('a body that stalls throws', async () => {
  await using served = await openOn(
    (_, response) => {
      beginBody(response, 10);
      response.write('1234');
    },
    { idleTimeoutMs: 50 },
  );
  await expectCode('unreachable', readAll((await served.unit.get(object)).body));
});

test('a listing that stalls halfway throws', async () => {
  const whole = listBucketResult({ entries: [{ key: 'a' }] });
  await using served = await openOn(
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/xml', 'content-length': whole.length });
      response.write(whole.slice(0, 100));
    },
    { idleTimeoutMs: 50 },
  );
  await expectCode('unreachable', listAll(served.unit, 'bucket'));
});

test('any number of open, unread objects does not block other reads', async () => {
  await using served = await openOn(
    (_, response) => {
      beginBody(response, 1_000_000);
      response.end(Buffer.alloc(1_000_000));
    },
    { idleTimeoutMs: 20_000 },
  );
  const open = await Promise.all(Array.from({ length: 80 }, () => served.unit.get(object)));
  for (const { body } of open) expect((await readAll(body)).length).toBe(1_000_000);
});

test('leaving a body early closes its connection', async () => {
  const closed = Promise.withResolvers<void>();
  await using served = await openOn((_, response) => {
    response.on('close', () => closed.resolve());
    beginBody(response, 1_000_000);
    response.write('1234');
  });
  const content = await served.unit.get(object);
  for await (const chunk of content.body) {
    expect(chunk.length).toBe(4);
    break;
  }
  await closed.promise;
});

test('aborting ends an unanswered request and its retries', async () => {
  const reason = new Error('stopped by the test');
  const controller = new AbortController();
  await using served = await openOn(() => controller.abort(reason), { attemptsMax: 6 });
  const { signal } = controller;
  await expect(collect(served.unit.list({ bucket: 'bucket', prefix: '', signal }))).rejects.toBe(reason);
});

test('head reports encryption with a key, after which the ETag is not an MD5', async () => {
  const cases: readonly [header: string, value: string, encryptedByKey: boolean][] = [
    ['x-amz-server-side-encryption', 'aws:kms', true],
    ['x-amz-server-side-encryption', 'aws:kms:dsse', true],
    ['x-amz-server-side-encryption-customer-algorithm', 'AES256', true],
    ['x-amz-server-side-encryption', 'AES256', false],
  ];
  for (const [header, value, encryptedByKey] of cases) {
    await using served = await openOn((_, response) => {
      response.setHeader(header, value);
      beginBody(response, 10);
      response.end();
    });
    expect(await served.unit.head(object)).toEqual({
      size: 10,
      etag: '0123',
      modifiedAtMs: Date.parse('2026-03-01T02:00:00Z'),
      encryptedByKey,
    });
  }
});

test('head finds out why it was refused, although an answer to HEAD does not say', async () => {
  const message = 'The object was stored using a form of Server Side Encryption.';
  await using encrypted = await openOn((_, response) =>
    response.writeHead(400).end(errorXml('InvalidRequest', message)),
  );
  await expectCode('encrypted_customer_key', encrypted.unit.head(object));
  await using expired = await openOn((_, response) => response.writeHead(400).end(errorXml('ExpiredToken')));
  await expectCode('storage_token_expired', expired.unit.head(object));
});

test('names of anything but plain buckets are refused', async () => {
  await using served = await openOn((_, response) => response.end());
  const arn = 'arn:aws:s3:us-east-1:123456789012:accesspoint:other';
  for (const bucket of [arn, 'a--use1-az4--x-s3', 'a--use1-az4--xa-s3']) {
    await expectCode('access_denied', served.unit.get({ bucket, key: 'a' }));
    await expectCode('access_denied', served.unit.head({ bucket, key: 'a' }));
    await expectCode('access_denied', listAll(served.unit, bucket));
  }
});

test('requests go to the address of the service, whatever the name of the bucket', async () => {
  const paths: (string | undefined)[] = [];
  await using served = await openOn((request, response) => {
    paths.push(request.url?.split('?')[0]);
    response.end(listBucketResult({ entries: [] }));
  });
  for (const bucket of ['a-s3alias', 'UPPER_case.dots', '10.0.0.1', 'a b']) {
    await listAll(served.unit, bucket);
    expect(paths.at(-1)).toBe(`/${encodeURIComponent(bucket)}/`);
  }
});
