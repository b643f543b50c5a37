import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminPassword, startTestGateway, type TestGateway } from '../../apps/gateway/src/testing.ts';
import { consoleHeader } from '../../packages/contracts/src/index.ts';
import { findBrowser, startBrowser } from '../../tools/browser/find-browser.ts';

const found = await findBrowser();
const patienceMs = 240_000;

describe.skipIf(found === null)('a session in a browser', { timeout: patienceMs }, () => {
  const opened = new AsyncDisposableStack();
  let gateway: TestGateway;
  let browser: Browser;
  let page: Page;
  /** The address of a server on another port, and the cookies that browsers sent there. */
  let otherPort: string;
  const cookiesThere: (string | undefined)[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    const directory = opened.use(await mkdtempDisposable(join(tmpdir(), 'backup-sync-'))).path;
    await writeFile(
      join(directory, 'index.html'),
      '<!doctype html><title>console</title><link rel="icon" href="data:,"><script src="./a.js"></script>',
    );
    await writeFile(join(directory, 'a.js'), 'document.title = "ready";');
    gateway = opened.use(await startTestGateway({}, { consoleDirectory: directory }));
    const other = createServer((request, response) => {
      if (request.url === '/') cookiesThere.push(request.headers.cookie);
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>other</title>');
    });
    opened.defer(() => void other.close().closeAllConnections());
    await once(other.listen(0, '127.0.0.1'), 'listening');
    otherPort = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    browser = await startBrowser(found);
    opened.defer(() => browser.close());
    page = await (await browser.newContext()).newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(`${gateway.endpoint}/`);
  }, patienceMs);
  afterAll(async () => {
    await opened.disposeAsync();
    expect(gateway.faults).toEqual([]);
  });

  const listBackups = () => `/trpc/listBackups?input=${JSON.stringify({ project_id: gateway.projectId })}`;

  test('begins on a page of the console, which then calls and follows the server and cannot read the cookie', async () => {
    expect([page.url(), await page.title()]).toEqual([`${gateway.endpoint}/console/`, 'ready']);
    const input = JSON.stringify({ project_id: gateway.projectId, after: '0' });
    const seen = await page.evaluate(
      async ({ header, password, call, stream }) => {
        const headers = { 'Content-Type': 'application/json', [header.name]: header.value };
        const body = JSON.stringify({ user_name: 'admin', password });
        const signedIn = await fetch('/console/session', { method: 'POST', headers, body });
        const called = await fetch(call);
        const events = new EventSource(stream);
        const followed = await new Promise((resolve) => {
          events.onopen = () => resolve('open');
          events.onerror = () => resolve('refused');
        });
        events.close();
        return { statuses: [signedIn.status, called.status], followed };
      },
      {
        header: consoleHeader,
        password: adminPassword,
        call: listBackups(),
        stream: `/trpc/watchOperations?input=${encodeURIComponent(input)}`,
      },
    );
    expect(seen).toEqual({ statuses: [200, 200], followed: 'open' });
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(complaints).toEqual([]);
  });

  test.each([
    ['on another port of the same host, although browsers send the cookie there', '127.0.0.1', true],
    ['of another site', 'localhost', false],
  ])('is of no use to a page %s', async (_page, host, isSent) => {
    const elsewhere = await page.context().newPage();
    const address = new URL(otherPort);
    address.hostname = host;
    await elsewhere.goto(address.href);
    expect(cookiesThere.at(-1)?.includes('backup_sync=') ?? false).toBe(isSent);
    const before = await page.context().cookies();
    const outcomes = await elsewhere.evaluate(
      async ({ server, header, project_id, call, password }) => {
        const outcome = (path: string, init: RequestInit) =>
          fetch(server + path, { credentials: 'include', ...init }).then(
            ({ type }) => type,
            () => 'blocked',
          );
        const user = JSON.stringify({ project_id, name: 'mallory', password });
        const headers = { 'Content-Type': 'application/json', [header.name]: header.value };
        const signIn = JSON.stringify({ user_name: 'admin', password });
        const events = new EventSource(`${server}/trpc/watchOperations?input=${encodeURIComponent(user)}`, {
          withCredentials: true,
        });
        const followed = await new Promise((resolve) => {
          events.onopen = () => resolve('open');
          events.onerror = () => resolve('blocked');
        });
        return {
          // The browser sends these without asking the server first, and only then hides the answer.
          simple: await outcome('/trpc/createUser', { method: 'POST', mode: 'no-cors', body: user }),
          read: await outcome(call, {}),
          withHeader: await outcome('/trpc/createUser', { method: 'POST', headers, body: user }),
          signIn: await outcome('/console/session', { method: 'POST', mode: 'no-cors', body: signIn }),
          signOut: await outcome('/console/session', { method: 'DELETE', headers }),
          followed,
        };
      },
      {
        server: gateway.endpoint,
        header: consoleHeader,
        project_id: gateway.projectId,
        call: listBackups(),
        password: adminPassword,
      },
    );
    expect(new Set(Object.values(outcomes))).toEqual(new Set(['blocked']));
    const { body } = await gateway.call('GET', '/v1/projects/{project_id}/users');
    expect(body.users.map(({ name }: { name: string }) => name)).toEqual(['admin']);
    expect(await page.context().cookies()).toEqual(before);
    expect(await page.evaluate(async (call) => (await fetch(call)).status, listBackups())).toBe(200);
    // Nor can it show the console in a frame.
    await elsewhere.setContent(`<iframe src="${gateway.endpoint}/console/"></iframe>`);
    expect(await elsewhere.frames()[1]?.title()).not.toBe('ready');
  });
});
