import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { errorXml, listBucketResult, startHttpServer } from '../../testing/s3-test-server.ts';
import type { StorageErrorCode } from '../port.ts';
import { expectCode, listAll } from '../storage-conformance.ts';
import { createS3Client } from './s3-client.ts';
import { toStorageError } from './s3-error.ts';
import { openS3StorageUnit, S3StorageUnit } from './s3-storage-unit.ts';

const object = { bucket: 'bucket', key: 'a/b' };

/** A storage unit with the retries of production, so that a retried refusal would be counted. */
async function openOn(answer: RequestListener) {
  let requests = 0;
  const server = await startHttpServer((request, response) => {
    requests += 1;
    answer(request, response);
  });
  const unit = new S3StorageUnit('s3', createS3Client(server.options));
  return {
    unit,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      await unit[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

type Refusal = {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  readonly more?: string;
  readonly headers?: Record<string, string>;
};

const wrongRegion = "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-3'";

const refusals: readonly [expected: StorageErrorCode, told: string, refusal: Refusal][] = [
  [
    'storage_wrong_region',
    'the service expects region "eu-west-3"',
    { status: 400, code: 'AuthorizationHeaderMalformed', more: '<Region>eu-west-3</Region>' },
  ],
  [
    'storage_wrong_region',
    'the service expects region "eu-west-3"',
    { status: 400, code: 'AuthorizationHeaderMalformed', message: wrongRegion },
  ],
  [
    'storage_wrong_region',
    'the service expects region "garage"',
    {
      status: 400,
      code: 'AuthorizationHeaderMalformed',
      message:
        "Authorization header malformed, unexpected scope: '20260302/us-east-1/s3/aws4_request', expected: '20260302/garage/s3/aws4_request'",
    },
  ],
  [
    'storage_wrong_region',
    'the service does not name the region it expects; it says "Must be one of: wnam, auto"',
    { status: 400, code: 'InvalidRegionName', message: 'Must be one of: wnam, auto' },
  ],
  [
    'storage_redirected',
    'the service names the endpoint "s3.eu-west-3.example.com" and region "eu-west-3"',
    {
      status: 301,
      code: 'PermanentRedirect',
      more: '<Endpoint>s3.eu-west-3.example.com</Endpoint>',
      headers: { 'x-amz-bucket-region': 'eu-west-3' },
    },
  ],
  [
    'storage_wrong_region',
    'does not name the region it expects; it says "The me-south-1 location constraint is incompatible"',
    {
      status: 400,
      code: 'IllegalLocationConstraintException',
      message: 'The me-south-1 location constraint is incompatible',
    },
  ],
  [
    'storage_request_refused',
    'the service says "a non-empty Access Key (AKID) must be provided in the credential."',
    {
      status: 400,
      code: 'AuthorizationHeaderMalformed',
      message: 'a non-empty Access Key (AKID) must be provided in the credential.',
    },
  ],
  [
    'storage_redirected',
    'the service names the endpoint "oss-cn-shanghai.example.com"',
    { status: 403, code: 'AccessDenied', more: '<Endpoint>oss-cn-shanghai.example.com</Endpoint>' },
  ],
  [
    'storage_redirected',
    'the service names the endpoint "s3.eu-west-3.example.com"',
    {
      status: 301,
      code: 'PermanentRedirect',
      more: '<Endpoint>my.bucket.s3.eu-west-3.example.com</Endpoint><Bucket>my.bucket</Bucket>',
    },
  ],
  ['storage_redirected', 'the service names no endpoint', { status: 307, code: 'TemporaryRedirect' }],
  ['storage_token_expired', '', { status: 400, code: 'ExpiredToken' }],
  ['storage_token_expired', '', { status: 403, code: 'SecurityTokenExpired' }],
  ['storage_token_expired', '', { status: 403, code: 'InvalidTokenId' }],
  ['storage_key_unknown', '', { status: 403, code: 'InvalidAccessKeyId' }],
  ['storage_key_unknown', '', { status: 403, code: 'InvalidSecurity' }],
  ['storage_secret_wrong', '', { status: 403, code: 'SignatureDoesNotMatch' }],
  ['storage_virtual_hosts_only', '', { status: 403, code: 'SecondLevelDomainForbidden' }],
  ['storage_virtual_hosts_only', '', { status: 400, code: 'VirtualHostDomainRequired' }],
  ['storage_not_implemented', '', { status: 501, code: 'NotImplemented' }],
  ['storage_not_implemented', '', { status: 405, code: 'MethodNotAllowed' }],
  [
    'storage_request_refused',
    'the service says "Authorization header is invalid"',
    { status: 400, code: 'InvalidArgument', message: 'Authorization header is invalid' },
  ],
  // These may be temporary.
  ['unreachable', '', { status: 400, code: 'RequestTimeout' }],
  ['unreachable', '', { status: 409, code: 'OperationAborted' }],
];

test.each(refusals)(
  '%s: the message passes on %s',
  async (expected, told, { status, code, message, more, headers }) => {
    await using served = await openOn((request, response) =>
      response.writeHead(status, headers).end(request.method === 'HEAD' ? '' : errorXml(code, message, more)),
    );
    for (const ask of [
      () => listAll(served.unit, 'bucket'),
      () => served.unit.get(object),
      () => served.unit.head(object),
    ]) {
      const error = await expectCode(expected, ask());
      expect(error.message).toContain(`the service answers ${code} (HTTP ${status})`);
      expect(error.message).toContain(told);
    }
  },
);

test('a refused request is not retried', async () => {
  for (const [status, code] of [
    [403, 'SignatureDoesNotMatch'],
    [501, 'NotImplemented'],
    [400, 'ExpiredToken'],
  ] as const) {
    await using served = await openOn((_, response) => response.writeHead(status).end(errorXml(code)));
    await served.unit.get(object).catch(() => {});
    expect(served.requests(), code).toBe(1);
  }
});

test('the message says how much the clocks differ', async () => {
  const skewed = (date: string | null): RequestListener => {
    return (_, response) => {
      response.sendDate = false;
      response.writeHead(403, date === null ? {} : { date }).end(errorXml('RequestTimeTooSkewed'));
    };
  };
  await using fast = await openOn(skewed(new Date(Date.now() + 3_600_000).toUTCString()));
  const behind = await expectCode('storage_clock_skewed', fast.unit.get(object));
  expect(behind.message).toContain("this machine's clock is 60 min behind the service's clock");
  await using silent = await openOn(skewed(null));
  const unknown = await expectCode('storage_clock_skewed', silent.unit.get(object));
  expect(unknown.message).toContain('the answer has no valid Date header');
});

test('requests are signed with the time of the service if the clocks differ, which is reported once', async () => {
  const notices: string[] = [];
  const dates: string[] = [];
  await using server = await startHttpServer((request, response) => {
    dates.push(String(request.headers['x-amz-date']));
    response.setHeader('date', new Date(Date.now() - 7_200_000).toUTCString());
    if (dates.length === 1) response.writeHead(403).end(errorXml('RequestTimeTooSkewed'));
    else response.end(listBucketResult({ entries: [{ key: 'a' }] }));
  });
  await using unit = await openS3StorageUnit({ id: 's3', ...server.options, onNotice: (text) => notices.push(text) });
  expect(await listAll(unit, 'bucket')).toHaveLength(1);
  expect(await listAll(unit, 'bucket')).toHaveLength(1);
  expect(dates).toHaveLength(3);
  expect(notices).toEqual([
    "This machine's clock is 120 min ahead of the storage unit's. Requests are signed with the storage unit's time.",
  ]);
});

test('a refusal by a proxy is reported as such and not retried', async () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end('<html></html>');
  });
  server.on('connect', (_, socket) => {
    requests += 1;
    socket.end('HTTP/1.1 403 Forbidden by rule\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = `http://ada:secret@127.0.0.1:${(server.address() as AddressInfo).port}`;
  const network = { proxies: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy }, caCertificates: [] };
  for (const [scheme, told] of [
    ['http', 'a proxy requires a user name and password'],
    ['https', '403 Forbidden by rule'],
  ]) {
    const endpoint = `${scheme}://obs.example.test`;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    await using unit = await openS3StorageUnit({ id: 's3', endpoint, region: 'us-east-1', credentials, network });
    requests = 0;
    const error = await expectCode('storage_request_refused', unit.get(object));
    expect(error.message).toContain(told);
    expect(error.message).not.toContain('secret');
    expect(requests).toBe(1);
  }
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

test('the message says that a page which denies access does not come from S3', async () => {
  await using served = await openOn((_, response) => response.writeHead(403).end('<html>blocked</html>'));
  const error = await expectCode('access_denied', listAll(served.unit, 'bucket'));
  expect(error.message).toMatch(/answers HTTP 403; it has no S3 error code, so it may come from a proxy/);
});

test.each([
  ['Could not load credentials from any providers', 'neither the environment nor a profile has credentials'],
  ['The SSO session associated with this profile has expired.', 'log in again'],
  ['Command failed: /usr/bin/give --password=secret', 'the configured profile or role provides no credentials'],
])('credentials that fail to load with "%s" are reported as missing: %s', (message, told) => {
  const thrown = Object.assign(new Error(message), { name: 'CredentialsProviderError' });
  const error = toStorageError(thrown, 'bucket');
  expect(error).toMatchObject({ code: 'storage_credentials_missing', message: expect.stringContaining(told) });
  expect(error.message).not.toContain('secret');
});

test('the message names the target of a redirect that is not from S3, without credentials, path or query', async () => {
  await using served = await openOn((_, response) =>
    response
      .writeHead(301, {
        location: 'https://user:pass@obs.example.com/bucket?X-Amz-Signature=abc',
        'content-type': 'text/html',
      })
      .end('<html></html>'),
  );
  const error = await expectCode('storage_redirected', listAll(served.unit, 'bucket'));
  expect(error.message).toContain('the service names the endpoint "https://obs.example.com"');
  expect(error.message).not.toMatch(/pass|Signature/);
});

test('the words of a service are cut, made printable and stripped of credentials', async () => {
  const said = [
    ['Bad Credential=AKIAIOSFODNN7EXAMPLE/20260302', 'AKIAIOSFODNN7EXAMPLE'],
    ['\u202Ereversed', '\u202E'],
    ['x'.repeat(5000), 'x'.repeat(300)],
  ] as const;
  for (const [message, hidden] of said) {
    await using served = await openOn((_, response) =>
      response.writeHead(400).end(errorXml('InvalidArgument', message)),
    );
    const error = await expectCode('storage_request_refused', served.unit.get(object));
    expect(error.message).not.toContain(hidden);
  }
  for (const more of ['<Region>eu west; rm</Region>', `<Region>${'a'.repeat(500)}</Region>`]) {
    const xml = errorXml('AuthorizationHeaderMalformed', 'no', more);
    await using served = await openOn((_, response) => response.writeHead(400).end(xml));
    const error = await expectCode('storage_wrong_region', served.unit.get(object));
    expect(error.message).toContain('the service does not name the region it expects');
  }
});
