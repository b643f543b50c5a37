import type { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { createClientIn } from '../client.ts';
import { issueToken } from '../credentials/issue-token.ts';
import { projectsOfKey } from '../credentials/projects-of-key.ts';
import { clockedRuntime } from '../testing/clocked-runtime.ts';
import { startRawServer } from '../testing/raw-server.ts';
import { type Reply, startService } from '../testing/service.ts';
import { cloudBackup } from '../testing/wire.ts';
import { send } from './exchange.ts';

afterEach(() => {
  vi.useRealTimers();
});

const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n';
const quickly = { timeoutMs: 100 };

function listBackups(endpoint: string, timeoutMs = 10_000) {
  const client = createClientIn(clockedRuntime(), {
    endpoint,
    projectId: 'p',
    credentials: { token: 't' },
    timeoutMs,
  });
  return client.calls.listBackups({});
}

test.each([
  ['accepts a connection and sends nothing', () => {}],
  ['stops in the middle of its answer', (connection: Socket) => connection.write(`${head}{"backups":`)],
])('a service that %s times out, and the call is not retried', async (_, onRequest) => {
  await using server = await startRawServer(onRequest);
  await expect(listBackups(server.endpoint, quickly.timeoutMs)).rejects.toMatchObject({
    code: 'response_timeout',
    message: `${server.endpoint} sent nothing for 0.1 s`,
  });
  expect(server.requests()).toBe(1);
});

test('the timeout also applies to tokens and the projects of a key', async () => {
  await using server = await startRawServer(() => {});
  const silent = { code: 'response_timeout' };
  const user = { user: 'u', password: 'pw' };
  await expect(issueToken(server.endpoint, user, quickly)).rejects.toMatchObject(silent);
  const key = { accessKey: 'AK', secretKey: 'SK' };
  await expect(projectsOfKey(server.endpoint, key, quickly)).rejects.toMatchObject(silent);
  const client = createClientIn(clockedRuntime(), {
    endpoint: 'http://127.0.0.1:1',
    projectId: 'p',
    credentials: { ...user, identityEndpoint: server.endpoint },
    ...quickly,
  });
  await expect(client.calls.listBackups({})).rejects.toMatchObject({
    ...silent,
    message: expect.stringContaining(server.endpoint),
  });
});

test('the timeout and an abort work even if the fetch of the caller ignores its signal', async () => {
  await using server = await startRawServer(() => {});
  const fetchOfCaller = (url: URL, { method = 'GET', headers = {} }: RequestInit) => fetch(url, { method, headers });
  const client = (timeoutMs: number) =>
    createClientIn(clockedRuntime(), {
      endpoint: server.endpoint,
      projectId: 'p',
      credentials: { token: 't' },
      timeoutMs,
      fetch: fetchOfCaller,
    });
  await expect(client(100).calls.listBackups({})).rejects.toMatchObject({ code: 'response_timeout' });
  const stopping = new AbortController();
  const call = client(60_000).calls.listBackups({}, { signal: stopping.signal });
  stopping.abort(new Error('the window was closed'));
  await expect(call).rejects.toBe(stopping.signal.reason);
});

test('the timeout is one minute by default, counted from the last byte', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const connected = Promise.withResolvers<Socket>();
  await using server = await startRawServer((connection) => {
    connection.write(head);
    connected.resolve(connection);
  });
  const request = { method: 'GET', url: new URL(server.endpoint), headers: new Headers(), body: '' } as const;
  const chunks = (await send(request, {}, undefined)).chunks();
  const connection = await connected.promise;
  for (let byte = 0; byte < 3; byte += 1) {
    const next = chunks.next();
    vi.advanceTimersByTime(59_999);
    connection.write('a');
    expect(await next).toMatchObject({ done: false });
  }
  const last = chunks.next();
  vi.advanceTimersByTime(60_000);
  await expect(last).rejects.toMatchObject({ code: 'response_timeout' });
});

test('a call is retried after a timeout if the service has answered before', async () => {
  const replies: (Reply | Promise<Reply>)[] = [{ body: { backup: cloudBackup('b') } }, new Promise(() => {})];
  const found: Reply = { body: { backup: cloudBackup('c') } };
  await using service = await startService(() => replies.shift() ?? found);
  const { calls } = service.client({ timeoutMs: 1_000 }, clockedRuntime());
  await calls.showBackup({ backup_id: 'b' });
  expect((await calls.showBackup({ backup_id: 'c' })).backup.id).toBe('c');
  expect(service.seen.length).toBe(3);
});

test.each([
  ['resets the connection', (connection: Socket) => connection.resetAndDestroy()],
  ['closes the connection', (connection: Socket) => connection.end()],
  [
    'resets the connection in the middle of its answer',
    (connection: Socket) => connection.write(`${head}{"backups":`, () => connection.resetAndDestroy()),
  ],
  ['closes the connection in the middle of its answer', (connection: Socket) => connection.end(`${head}{`)],
])('the error says that a service %s', async (_, onRequest) => {
  await using server = await startRawServer(onRequest);
  await expect(listBackups(server.endpoint)).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining(`${server.endpoint} closed the connection before its answer was complete`),
  });
});

test('the error says that a service refuses the connection', async () => {
  const server = await startRawServer(() => {});
  await server[Symbol.asyncDispose]();
  await expect(listBackups(server.endpoint)).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining(`${server.endpoint} refused the connection`),
  });
});
