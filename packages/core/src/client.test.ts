import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { BackupSyncError } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { createClient } from './client.ts';
import { clockedRuntime } from './testing/clocked-runtime.ts';
import { type Reply, startService } from './testing/service.ts';
import { accepting, cloudBackup, item } from './testing/wire.ts';

describe('a call', () => {
  test('sends the token, and puts its input into the path, the query or the body', async () => {
    await using service = await startService((call) =>
      call.method === 'POST' ? accepting(call) : { body: { backups: [], count: 0, limit: 5, offset: 0 } },
    );
    const { calls } = service.client();
    await calls.syncBackups({ sync: [item('b/1')] });
    await calls.listBackups({ limit: 5, name: "a b'+", sort: 'name:asc', status: ['error', 'available'] });
    expect(service.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v3/p%2F1/backups/sync',
      'GET /v3/p%2F1/backups?limit=5&name=a%20b%27%2B&sort=name%3Aasc&status=error%2Cavailable',
    ]);
    const sent = { ...item('b/1'), resource_type: 'OS::Native::Server' };
    expect(JSON.parse(service.seen[0]?.body ?? '')).toEqual({ sync: [sent] });
    expect(service.seen[0]?.headers).toMatchObject({
      'x-auth-token': 'secret-token',
      'content-type': 'application/json',
    });
  });

  test('is not sent if its input is invalid', async () => {
    await using service = await startService(accepting);
    await expect(service.client().calls.syncBackups({ sync: [] })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(service.seen).toEqual([]);
  });

  test.each([
    [{ status: 404, body: { error_code: 'BackupSync.1009', error_msg: 'none' } }, 'backup_not_found', 'none'],
    [{ status: 404, body: { error_code: 'BackupService.0001', error_msg: 'none' } }, 'backup_not_found', 'none'],
    [{ status: 400, body: { error_code: 'BackupService.6105', error_msg: 'vault?' } }, 'refused', 'vault?'],
    [{ status: 400, body: { errorCode: 'X', errorMsg: 'camels' } }, 'refused', 'camels'],
    [{ status: 401, body: { error: { code: 401, message: 'go away' } } }, 'not_authenticated', 'go away'],
    [{ status: 403, body: { code: 'X', message: 'no' } }, 'role_not_allowed', 'no'],
    [{ status: 429, body: { error_code: 'APIGW.0308', error_msg: 'slow down' } }, 'throttled', 'slow down'],
    [
      { status: 502, headers: { 'X-Request-Id': 'r-7' }, body: '<html>' },
      'unavailable',
      'status 502 (X-Request-Id r-7)',
    ],
    [{ status: 200, body: '<html>' }, 'unexpected_answer', 'not JSON'],
    [{ status: 200, body: { hello: 1 } }, 'unexpected_answer', 'does not match this API'],
    [{ status: 302, headers: { Location: 'http://127.0.0.1:9' } }, 'unreachable', 'redirect'],
    [null, 'unreachable', 'closed the connection'],
  ])('answered with %j fails with %s', async (answer, code, message) => {
    await using service = await startService(() => answer);
    await expect(service.client({}, clockedRuntime()).calls.showBackup({ backup_id: 'x' })).rejects.toMatchObject({
      name: 'BackupSyncError',
      code,
      message: expect.stringContaining(message),
    });
  });

  test('leaves no listener on its signal, which may live for a whole list', async () => {
    await using service = await startService(() => ({ body: { backups: [] } }));
    const { signal } = new AbortController();
    const { calls } = service.client();
    await calls.listBackups({}, { signal });
    await calls.listBackups({}, { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('that is refused throws an error with the status, the request id and whether to retry', async () => {
    const body = { error_code: 'BackupSync.1009', error_msg: 'none', request_id: 'in the body' };
    const answers: Reply[] = [
      { status: 404, headers: { 'X-Request-Id': 'r-1' }, body },
      { status: 404, headers: { 'X-OpenStack-Request-Id': 'req-2' }, body: { error_code: 'BackupService.0001' } },
      { status: 404, body },
      { status: 400, body: { error_code: 'BackupService.6105', error_msg: 'vault?' } },
      { status: 501, headers: { 'X-Request-Id': 'r-5' }, body: { error_msg: 'not implemented' } },
      { status: 200, headers: { 'X-Request-Id': 'r-6' }, body: { hello: 1 } },
      { status: 200, headers: { 'X-Request-Id': 'r-7' }, body: '<html>' },
      { status: 429, headers: { 'X-Request-Id': 'r-8', 'Retry-After': '3600' }, body: {} },
    ];
    const told = [];
    await using service = await startService(() => answers[told.length] ?? null);
    for (const _ of answers) {
      const error = await service
        .client()
        .calls.showBackup({ backup_id: 'x' })
        .catch((thrown) => thrown);
      told.push([error.code, error.status, error.requestId, error.retryable]);
    }
    expect(told).toEqual([
      ['backup_not_found', 404, 'r-1', false],
      ['backup_not_found', 404, 'req-2', false],
      ['backup_not_found', 404, 'in the body', false],
      ['refused', 400, null, false],
      ['not_supported', 501, 'r-5', false],
      ['unexpected_answer', 200, 'r-6', false],
      ['unexpected_answer', 200, 'r-7', false],
      ['throttled', 429, 'r-8', true],
    ]);
    expect(service.seen.length).toBe(answers.length);
  });

  test('that gets no answer throws an error without status and request id, which may be retried', async () => {
    await using service = await startService(() => null);
    const { calls } = service.client({ maxRetries: 0 });
    await expect(calls.showBackup({ backup_id: 'x' })).rejects.toMatchObject({
      code: 'unreachable',
      status: null,
      requestId: null,
      retryable: true,
    });
  });

  test('that is aborted before it is sent or while it waits throws the reason of its signal, as fetch does', async () => {
    const waiting = Promise.withResolvers<null>();
    const asked = Promise.withResolvers<void>();
    await using service = await startService(() => {
      asked.resolve();
      return waiting.promise;
    });
    const { calls } = service.client();
    const reason = new Error('the window was closed');
    await expect(calls.listBackups({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(service.seen).toEqual([]);
    const stopping = new AbortController();
    const call = calls.listBackups({}, { signal: stopping.signal });
    await asked.promise;
    stopping.abort();
    await expect(call).rejects.toBe(stopping.signal.reason);
    expect(stopping.signal.reason).toMatchObject({ name: 'AbortError' });
    waiting.resolve(null);
  });

  test('keeps the path of an endpoint, and does not repeat its /v3', async () => {
    await using service = await startService(() => ({ body: { backup: cloudBackup('b') } }));
    for (const path of ['/', '/cbr/', '/cbr/v3', '/v3/']) {
      const client = createClient({
        endpoint: service.endpoint + path,
        projectId: 'p',
        credentials: { token: 't' },
      });
      await client.calls.showBackup({ backup_id: 'b' });
    }
    expect(service.seen.map(({ url }) => url)).toEqual([
      '/v3/p/backups/b',
      '/cbr/v3/p/backups/b',
      '/cbr/v3/p/backups/b',
      '/v3/p/backups/b',
    ]);
  });
});

test.each([
  [{ timeoutMs: 0 }, 'timeoutMs: 0 must be a number of milliseconds above 0'],
  [{ timeoutMs: Number.NaN }, 'timeoutMs: NaN must be a number of milliseconds above 0'],
  [{ maxRetries: -1 }, 'maxRetries: -1 must be 0 or a positive whole number'],
  [{ maxRetries: 1.5 }, 'maxRetries: 1.5 must be 0 or a positive whole number'],
])('options out of range are refused: %j', (options, message) => {
  const create = () => createClient({ endpoint: 'http://h', projectId: 'p', credentials: { token: 't' }, ...options });
  expect(create).toThrow(expect.objectContaining({ code: 'invalid_request', message }));
});

test('all requests use the fetch of the caller, including the request for a token', async () => {
  const sent: string[] = [];
  const refused = new TypeError('fetch failed', { cause: new Error('the proxy is closed') });
  const client = createClient({
    endpoint: 'https://cbr.invalid',
    projectId: 'p',
    credentials: { user: 'ada', password: 'pw', identityEndpoint: 'https://iam.invalid' },
    maxRetries: 0,
    fetch: (url: URL, { method }: RequestInit) => {
      sent.push(`${method} ${url}`);
      return Promise.reject(refused);
    },
  });
  await expect(client.calls.listBackups({})).rejects.toMatchObject({
    code: 'unreachable',
    message: 'https://iam.invalid does not answer: the proxy is closed',
    cause: refused,
  });
  expect(sent).toEqual(['POST https://iam.invalid/v3/auth/tokens']);
});

test('a call fails with the BackupSyncError that the fetch of the caller throws', async () => {
  const own = new BackupSyncError('unreachable', 'the proxy does not answer');
  const client = createClient({
    endpoint: 'https://cbr.invalid',
    projectId: 'p',
    credentials: { token: 't' },
    maxRetries: 0,
    fetch: () => Promise.reject(own),
  });
  await expect(client.calls.listBackups({})).rejects.toBe(own);
});

test('a timeout longer than the longest timer is accepted', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  await using service = await startService(() => ({ body: { backup: cloudBackup('b') } }));
  const { calls } = service.client({ timeoutMs: Number.POSITIVE_INFINITY });
  expect((await calls.showBackup({ backup_id: 'b' })).backup.id).toBe('b');
  await setImmediate();
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

test('an endpoint with credentials is refused, and the message does not repeat them', () => {
  for (const endpoint of [
    'http://bob:hunter2@127.0.0.1:1',
    'https://hunter2@host',
    'ftp://bob:hunter2@host',
    'http://bob:hunter2/x@host',
    'bob:hunter2@host',
  ]) {
    const connect = () => createClient({ endpoint, projectId: 'p', credentials: { token: 't' } });
    expect(connect, endpoint).toThrow(/^endpoint: /);
    expect(connect, endpoint).not.toThrow('hunter2');
  }
});

test('an endpoint that is not an HTTP address is refused', () => {
  for (const endpoint of ['localhost', 'file:///tmp', '']) {
    expect(() => createClient({ endpoint, projectId: 'p', credentials: { token: 't' } })).toThrow('endpoint:');
  }
});

describe('a service that is not a backup-sync', () => {
  test('is read with null for omitted fields, and with times in one form', async () => {
    const bare = cloudBackup('b');
    await using service = await startService(({ url }) => ({
      body: url.endsWith('/backups/b')
        ? { backup: { ...bare, created_at: '2026-01-01T00:00:00Z', incremental: 'true', description: null, more: 1 } }
        : {
            operation_log: { id: 'o', status: 'success', operation_type: 'sync', created_at: '2026-01-01 00:00:00.5' },
          },
    }));
    const { calls } = service.client();
    const { backup } = await calls.showBackup({ backup_id: 'b' });
    expect(backup).toMatchObject({ ...bare, incremental: true, description: null, parent_id: null, backup_sync: null });
    expect(backup).not.toHaveProperty('more');
    const { operation_log: log } = await calls.showOperationLog({ operation_log_id: 'o' });
    expect(log).toMatchObject({
      status: 'success',
      created_at: '2026-01-01T00:00:00.500000',
      ended_at: null,
      extra_info: null,
      backup_sync: null,
    });
  });

  test('refuses what only a backup-sync can do, and the error says so', async () => {
    await using service = await startService(() => ({
      status: 404,
      body: { error_code: 'APIGW.0101', error_msg: 'The API does not exist' },
    }));
    await expect(service.client().calls.listSources({})).rejects.toMatchObject({
      code: 'not_supported',
      message: expect.stringContaining('is not a backup-sync'),
    });
  });
});
