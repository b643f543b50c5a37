import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing.ts';

const page =
  '<!doctype html><base href="/console/" /><link href="./favicon.svg"><script type="module" src="./assets/a-1.js"></script>';
const script = 'export const shown = "the console";\n'.repeat(50);
const asPage = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

const opened = new AsyncDisposableStack();
let directory: string;
let gateway: TestGateway;
beforeAll(async () => {
  directory = join(opened.use(await mkdtempDisposable(join(tmpdir(), 'backup-sync-'))).path, 'dist');
  const files: Record<string, string | Buffer> = {
    'index.html': page,
    'favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'assets/a-1.js': script,
    'assets/a-1.js.gz': gzipSync(script),
    'assets/a-1.js.br': brotliCompressSync(script),
    'assets/a-1.css': 'body{}',
    'assets/a-1.woff2': 'font',
    '.secret': 'not of the console',
    '../secret': 'outside',
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  gateway = opened.use(await startTestGateway({}, { consoleDirectory: directory }));
});
afterAll(async () => {
  expect(gateway.faults).toEqual([]);
  await opened.disposeAsync();
});

/** Asks with exactly this path, which `fetch` would normalise, and without decoding the answer. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET', to = gateway) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    const { hostname, port } = new URL(to.endpoint);
    httpRequest({ hostname, port, path, method, headers }, async (answer) => {
      const body = Buffer.concat(await Array.fromAsync(answer));
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
    })
      .on('error', reject)
      .end();
  });
}

test('the first page is served for every path that a browser opens, and never from a cache', async () => {
  for (const path of ['/console/', '/console/resources/a%2Fb?sort=worst', '/console/index.html', '/console/projects']) {
    const { status, headers, body } = await ask(path, asPage);
    expect([path, status, headers['cache-control']]).toEqual([path, 200, 'no-store']);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body.toString()).toBe(page);
  }
  const { status, headers } = await ask('/console', asPage);
  expect([status, headers.location]).toEqual([308, './console/']);
  expect((await ask('/console/', {}, 'HEAD')).status).toBe(200);
});

test('a policy lets the pages load and call this server only', async () => {
  const { headers } = await ask('/console/', asPage);
  const policy = String(headers['content-security-policy']).split(';').sort();
  expect(policy).toEqual([
    "base-uri 'self'",
    "connect-src 'self'",
    "default-src 'none'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "script-src 'self'",
    "style-src 'self'",
    "worker-src 'self'",
  ]);
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  });
});

test('files have their types, and those with a hash in their name are kept for a year', async () => {
  const year = 'public, max-age=31536000, immutable';
  for (const [path, type, cache] of [
    ['/console/assets/a-1.js', 'text/javascript; charset=utf-8', year],
    ['/console/assets/a-1.css', 'text/css; charset=utf-8', year],
    ['/console/assets/a-1.woff2', 'font/woff2', year],
    ['/console/favicon.svg', 'image/svg+xml', 'no-cache'],
  ]) {
    const { status, headers } = await ask(String(path), { Cookie: 'backup_sync=x' });
    expect([path, status, headers['content-type'], headers['cache-control']]).toEqual([path, 200, type, cache]);
    const again = await ask(String(path), { 'If-None-Match': String(headers.etag) });
    expect([path, again.status, again.body.length]).toEqual([path, 304, 0]);
  }
});

test('a file is sent compressed if the build has it so and the browser takes it', async () => {
  const path = '/console/assets/a-1.js';
  const asked = async (accepted: string) => {
    const { headers, body } = await ask(path, { 'Accept-Encoding': accepted });
    expect(headers).toMatchObject({ vary: 'Accept-Encoding', 'content-type': 'text/javascript; charset=utf-8' });
    return { encoding: headers['content-encoding'], body };
  };
  expect((await asked('gzip, deflate, br')).encoding).toBe('br');
  const gzipped = await asked('gzip, br;q=0');
  expect([gzipped.encoding, gunzipSync(gzipped.body).toString()]).toEqual(['gzip', script]);
  expect(await asked('identity')).toEqual({ encoding: undefined, body: Buffer.from(script) });
  const range = await ask(path, { Range: 'bytes=5-2', 'Accept-Encoding': 'br' });
  expect([range.status, range.headers['content-encoding']]).not.toEqual([500, 'br']);
});

test('what is not a file of the console is not served', async () => {
  for (const path of [
    ...['/console/assets/gone-2.js', '/console/assets/', '/console/assets', '/console/../secret'],
    ...['/console/%2e%2e/secret', '/console/..%2fsecret', '/console//etc/passwd', '/console/.secret'],
    ...['/console/assets/..%5c..%5csecret', '/console/%zz', '/console/a-1.js%00'],
  ]) {
    const { status, body } = await ask(path);
    expect([path, status >= 400 && status < 500, body.includes('secret":')]).toEqual([path, true, false]);
    expect(body.toString()).not.toMatch(/^(outside|not of the console)/);
  }
  // A page that asks for a script must not get the first page instead.
  expect((await ask('/console/assets/gone-2.js', asPage)).status).toBe(404);
  expect((await ask('/console/', asPage, 'POST')).status).toBe(405);
});

test('a browser at / is led to the console, and clients of OpenStack get their document', async () => {
  for (const [accept, status, location] of [
    ['text/html,application/xhtml+xml,*/*;q=0.8', 302, './console/'],
    ['application/json', 300, `${gateway.endpoint}/v3/`],
    ['*/*', 300, `${gateway.endpoint}/v3/`],
    ['text/*', 300, `${gateway.endpoint}/v3/`],
    ['text/html;q=0, */*', 300, `${gateway.endpoint}/v3/`],
  ] as const) {
    const { status: given, headers } = await ask('/', { Accept: accept });
    expect([accept, given, headers.location, headers.vary]).toEqual([accept, status, location, 'Accept']);
  }
  expect((await ask('/')).status).toBe(300);
});

test('below a path of a proxy, all addresses have it', async () => {
  const options = { consoleDirectory: directory, publicUrl: 'https://backups.example/at/' };
  await using below = await startTestGateway({}, options);
  expect((await ask('/', asPage, 'GET', below)).headers.location).toBe('/at/console/');
  const { body } = await ask('/console/a/b', asPage, 'GET', below);
  expect(body.toString()).toBe(page.replace('/console/', '/at/console/'));
});

test('opening the console counts as a few calls of an unknown caller, not as too many', async () => {
  await using strict = await startTestGateway(
    {},
    { consoleDirectory: directory, limits: { unknownCallsPerSecond: 0.2 } },
  );
  const statuses = [];
  for (const path of ['/console/', '/console/assets/a-1.js', '/console/favicon.svg']) {
    statuses.push((await ask(path, asPage, 'GET', strict)).status);
  }
  expect(statuses).toEqual([200, 200, 429]);
});

test('a build without a console says so, and leads nobody to it', async () => {
  await using without = await startTestGateway({});
  for (const path of ['/console', '/console/', '/console/resources']) {
    const { status, body } = await ask(path, asPage, 'GET', without);
    expect([path, status, JSON.parse(body.toString())]).toMatchObject([
      path,
      404,
      { error_code: 'BackupSync.1073', error_msg: 'this build has no console' },
    ]);
  }
  expect((await ask('/', asPage, 'GET', without)).status).toBe(300);
});
