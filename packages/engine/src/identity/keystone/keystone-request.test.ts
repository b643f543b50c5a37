import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import type { Network } from '../../network.ts';
import { askKeystone } from './keystone-request.ts';

const mebibyte = 1024 * 1024;

async function listen(answer: RequestListener) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`;
  const ask = (proxies: Network['proxies'] = null) =>
    askKeystone(
      {
        url,
        user: 'backup-sync',
        password: 'service password',
        userDomain: 'Default',
        project: 'service',
        projectDomain: 'Default',
        roles: new Map(),
        proxies,
      },
      'GET',
      { headers: { 'X-Auth-Token': 'of the service', 'X-Subject-Token': 'of the caller' } },
    );
  return {
    url,
    ask,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test.each([301, 302, 307, 308])('tokens are not sent to the target of a %i redirect', async (status) => {
  const reached: unknown[] = [];
  await using other = await listen((request, response) => {
    reached.push(request.headers);
    response.end('{}');
  });
  await using keystone = await listen((_request, response) => {
    response.writeHead(status, { Location: `${other.url}/auth/tokens` }).end();
  });
  await expect(keystone.ask()).rejects.toMatchObject({ code: 'unavailable' });
  expect(reached).toEqual([]);
});

test('a Keystone that cannot be reached or trusted is named with the reason, in one line', async () => {
  const keystone = await listen(() => {});
  await keystone[Symbol.asyncDispose]();
  await expect(keystone.ask()).rejects.toMatchObject({
    message: 'the identity service does not answer',
    cause: { message: `${keystone.url}: connect ECONNREFUSED ${new URL(keystone.url).host}` },
  });
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { address: '192.0.2.1', port: 3128 });
  using fetch = vi.spyOn(globalThis, 'fetch').mockRejectedValueOnce(refused);
  await expect(keystone.ask({ HTTP_PROXY: 'http://ada:secret@proxy.example.com:3128' })).rejects.toMatchObject({
    cause: {
      message: `${keystone.url}: the proxy http://proxy.example.com:3128 cannot be reached: connect ECONNREFUSED`,
    },
  });
  const untrusted = Object.assign(
    new Error('self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca'),
    { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  );
  fetch.mockRejectedValueOnce(new TypeError('fetch failed', { cause: untrusted }));
  await expect(keystone.ask()).rejects.toMatchObject({
    cause: {
      message: expect.stringMatching(/its certificate is not trusted \(self-signed certificate\); .*AWS_CA_BUNDLE/),
    },
  });
});

test('an answer of 1 MiB is read; a longer one is not, even without a content length', async () => {
  let bytes = mebibyte;
  await using keystone = await listen((_request, response) => {
    response.write(Buffer.alloc(bytes - 2, ' '));
    response.end('{}');
  });
  expect(await keystone.ask()).toMatchObject({ status: 200, body: {} });
  bytes += 1;
  await expect(keystone.ask()).rejects.toMatchObject({
    code: 'unavailable',
    cause: { message: `${keystone.url}: the answer has more than 1048576 bytes` },
  });
});
