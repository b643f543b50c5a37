import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';
import { readNetwork } from './network.ts';
import { examples, run, startServer, temporaryDirectory } from './testing.ts';
import { makeCertificate } from './testing-certificate.ts';
import { startForwardProxy } from './testing-proxy.ts';
import { startHttpServer } from './testing-servers.ts';

const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const emptyListing =
  '<ListBucketResult><EncodingType>url</EncodingType><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>';
const refusal = (code: string, more = '') => `<Error><Code>${code}</Code><Message>no</Message>${more}</Error>`;

/** An empty S3 service with buckets only in the host name, and a certificate of a private authority. */
async function startPrivateStorage(caPath: string) {
  const certificate = await makeCertificate('obs.example.test', '*.obs.example.test');
  await writeFile(caPath, certificate.cert);
  const server = createServer(certificate, (request, response) => {
    if (request.headers.host?.startsWith('obs.')) response.writeHead(403).end(refusal('SecondLevelDomainForbidden'));
    else if (request.url?.includes('list-type=2')) response.end(emptyListing);
    else response.writeHead(404).end(request.method === 'HEAD' ? '' : refusal('NoSuchKey'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('storage is reached through a proxy, by a private certificate, and with the bucket in the host name', async () => {
  await using home = await temporaryDirectory();
  const ca = join(home.path, 'ca.pem');
  await using storage = await startPrivateStorage(ca);
  await using proxy = await startForwardProxy();
  const environment = {
    ...credentials,
    BACKUP_SYNC_STORAGE: `s3:https://obs.example.test:${storage.port}`,
    HTTPS_PROXY: proxy.address,
  };
  let directories = 0;
  const doctor = async (variables: Record<string, string>, ...options: string[]) => {
    directories += 1;
    const own = { BACKUP_SYNC_DATA_DIR: join(home.path, `data-${directories}`) };
    const { code, output } = await run(['doctor', 'bucket', '--json', ...options], {
      environment: { ...environment, ...own, ...variables },
    });
    return { code, ...JSON.parse(output) };
  };
  const [untrusted, byPath, virtual, extra] = await Promise.all([
    doctor({}),
    doctor({ AWS_CA_BUNDLE: ca }),
    doctor({ AWS_CA_BUNDLE: ca }, '--addressing-style', 'virtual'),
    doctor({ NODE_EXTRA_CA_CERTS: ca, BACKUP_SYNC_ADDRESSING_STYLE: 'virtual' }),
  ]);
  expect(untrusted).toMatchObject({ code: 1, missing: [expect.stringContaining('AWS_CA_BUNDLE')] });
  expect(JSON.stringify(untrusted)).not.toContain('--use-system-ca');
  expect(untrusted.buckets[0].refusals[0].reason.code).toBe('storage_certificate_refused');
  expect(byPath).toMatchObject({
    code: 1,
    missing: [expect.stringMatching(/requires the bucket in the host name.*--addressing-style virtual/)],
    buckets: [{ list: 'refused', notes: ['With --addressing-style virtual, the bucket can be listed.'] }],
  });
  for (const { code, buckets } of [virtual, extra]) {
    expect(code).toBe(0);
    expect(buckets).toMatchObject([{ list: 'allowed', head: 'allowed', get: 'allowed' }]);
  }
  expect([...proxy.asked].sort()).toEqual([
    `bucket.obs.example.test:${storage.port}`,
    `obs.example.test:${storage.port}`,
  ]);
}, 60_000);

test('a server is reached through a proxy, but the server of a data directory on loopback directly', async () => {
  await using home = await temporaryDirectory();
  const data = join(home.path, 'data');
  const storage = `file:${join(examples, 'buckets')}`;
  await using server = await startServer(data, storage);
  await using proxy = await startForwardProxy();
  const token = await run(['token'], {
    environment: {
      BACKUP_SYNC_DATA_DIR: data,
      BACKUP_SYNC_STORAGE: storage,
      HTTP_PROXY: proxy.address,
      http_proxy: proxy.address,
    },
  });
  expect(token.code).toBe(0);
  expect(proxy.asked.size).toBe(0);

  const named = `backups.example.test:${new URL(server.endpoint).port}`;
  const remote = {
    BACKUP_SYNC_ENDPOINT: `http://${named}`,
    BACKUP_SYNC_PROJECT: server.projectId,
    BACKUP_SYNC_TOKEN: token.output.trim(),
    HTTP_PROXY: proxy.address,
  };
  // With a time limit, the command uses another HTTP client.
  for (const options of [[], ['--connect-timeout', '9s']]) {
    proxy.asked.clear();
    const listed = await run(['backups', 'list', '--json', ...options], { environment: remote });
    expect(listed, options.join(' ')).toMatchObject({ code: 0, messages: '' });
    expect([...proxy.asked]).toEqual([named]);
  }
  const direct = await run(['backups', 'list'], { environment: { ...remote, NO_PROXY: 'example.test,.example.test' } });
  expect(direct.code).toBe(5);
}, 60_000);

test('an unreachable proxy and an untrusted certificate are named, and no server or Node option is blamed', async () => {
  await using home = await temporaryDirectory();
  await using storage = await startPrivateStorage(join(home.path, 'ca.pem'));
  const address = `https://127.0.0.1:${storage.port}`;
  const known = { BACKUP_SYNC_TOKEN: 'a-token', BACKUP_SYNC_PROJECT: 'p' };
  const proxies = { HTTPS_PROXY: 'http://ada:secret@127.0.0.1:1', HTTP_PROXY: 'http://ada:secret@proxy.invalid:3128' };
  // With a time limit, the command uses another HTTP client.
  for (const options of [[], ['--connect-timeout', '9s']]) {
    const list = (endpoint: string, environment: Record<string, string>) =>
      run(['backups', 'list', '--endpoint', endpoint, ...options], { environment: { ...known, ...environment } });
    const untrusted = await list(address, {});
    expect(untrusted.messages).toContain(`error: the certificate of ${address} is not trusted: `);
    expect(untrusted.messages).toContain('set AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS');
    expect(untrusted.messages).not.toContain('--use-system-ca');
    const refused = await list('https://backups.example.test', proxies);
    expect(refused.messages).toContain('error: the proxy http://127.0.0.1:1 cannot be reached: connect ECONNREFUSED');
    const unknown = await list('http://backups.example.test', proxies);
    expect(unknown.messages).toContain('error: the proxy http://proxy.invalid:3128 cannot be reached: getaddrinfo');
    for (const ended of [refused, unknown]) {
      expect(ended).toMatchObject({ code: 5, messages: expect.stringContaining('Check the address of the proxy') });
      expect(ended.messages).not.toContain('secret');
    }
    const direct = await list('http://127.0.0.1:2', proxies);
    expect(direct.messages).toContain('error: http://127.0.0.1:2 refused the connection');
  }
  const doctor = await run(['doctor', 'bucket', '--data-dir', join(home.path, 'data')], {
    environment: { ...credentials, ...proxies, BACKUP_SYNC_STORAGE: 's3:https://s3.example.test' },
  });
  expect(doctor.output).toContain('bucket "bucket": the proxy http://127.0.0.1:1 cannot be reached: ');
  expect(doctor.output).not.toContain('secret');
}, 60_000);

describe('proxy variables are read as other programs read them', () => {
  const proxiesOf = (variables: Record<string, string>) => readNetwork(readEnvironment(variables)).proxies;

  test.each([
    ['proxy.example.com:3128', 'http://proxy.example.com:3128/'],
    ['HTTP://10.0.0.1:3128', 'http://10.0.0.1:3128/'],
    ['https://ada:secret@proxy.example.com', 'https://ada:secret@proxy.example.com/'],
  ])('%s is the proxy %s', (https_proxy, address) => {
    expect(proxiesOf({ https_proxy })?.HTTPS_PROXY).toBe(address);
  });

  test.each([
    ['example.com, .example.org', ['s3.example.com', 'example.com', 'b.s3.example.org'], ['notexample.com']],
    ['10.0.0.0/8 192.168.1.77/31', ['10.255.0.1', '192.168.1.76', '192.168.1.77'], ['11.0.0.1', '192.168.1.78']],
    ['*', ['anything.example.com'], []],
    ['obs.example.com:8443,a-b', ['a-b', '127.0.0.1'], ['obs.example.com']],
  ])('NO_PROXY=%s reaches %j directly, and %j through the proxy', async (NO_PROXY, direct, proxied) => {
    const proxies = proxiesOf({ HTTP_PROXY: '127.0.0.1:9', NO_PROXY });
    const agent = new Agent({ proxyEnv: proxies ?? {} });
    const pathTo = (host: string) => {
      const asked = request({ host, port: 9, path: '/', agent, lookup: () => {} }).on('error', () => {});
      asked.destroy();
      return asked.path;
    };
    for (const host of direct) expect(pathTo(host), host).toBe('/');
    for (const host of proxied) expect(pathTo(host), host).toBe(`http://${host}:9/`);
  });
});

test('an invalid proxy and a missing bundle are named, and no password is shown', async () => {
  const wrong = await run(['backups', 'list'], { environment: { HTTPS_PROXY: 'socks5://ada:secret@proxy:1080' } });
  expect(wrong).toMatchObject({
    code: 1,
    messages: expect.stringContaining('HTTPS_PROXY must be the address of a proxy'),
  });
  expect(wrong.messages).not.toContain('secret');
  const absent = await run(['backups', 'list'], { environment: { AWS_CA_BUNDLE: '/nowhere/ca.pem' } });
  expect(absent).toMatchObject({ code: 1, messages: expect.stringContaining('AWS_CA_BUNDLE names "/nowhere/ca.pem"') });
}, 60_000);

test('doctor reports a wrong region, from here and through a server', async () => {
  await using home = await temporaryDirectory();
  await using storage = await startHttpServer((request, response) => {
    const xml = refusal('AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>');
    response.writeHead(400).end(request.method === 'HEAD' ? '' : xml);
  });
  const unit = `s3:${storage.endpoint}`;
  const environment = { ...credentials, BACKUP_SYNC_DATA_DIR: join(home.path, 'data'), BACKUP_SYNC_STORAGE: unit };
  const told = /bucket a-bucket: list failed: .*another region.*expects region "eu-west-3".*Set AWS_REGION/;
  const here = await run(['doctor', 'a-bucket'], { environment });
  expect(here.code).toBe(1);
  expect(here.output).toMatch(told);
  expect(here.output).not.toContain('empty');

  await using server = await startServer(environment.BACKUP_SYNC_DATA_DIR, unit, credentials);
  expect(server.endpoint).toContain('127.0.0.1');
  const through = await run(['doctor', 'a-bucket'], { environment });
  expect(through.code).toBe(1);
  expect(through.output).toMatch(told);
}, 60_000);
