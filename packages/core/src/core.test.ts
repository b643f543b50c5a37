import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { OperationLog, OperationStatus } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { createClient } from './client.ts';
import { issueToken } from './issue-token.ts';
import { planAll } from './plan-all.ts';
import { syncAll } from './sync-all.ts';
import { waitForOperations } from './wait-for-operations.ts';

type Answer = { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown };
type Seen = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

/** A service on loopback that answers what the test says; a text is sent as it is. */
async function service(answer: (request: Seen) => Answer) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const call = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: await text(request),
    };
    seen.push(call);
    const { status = 200, headers = {}, body } = answer(call);
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    seen,
    endpoint,
    client: createClient({ endpoint, projectId: 'p/1', token: 'secret-token' }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const item = (id: string) => ({
  backup_id: id,
  backup_name: 'daily',
  bucket_name: 'bucket',
  image_path: 'a/b',
  resource_id: 'r',
  resource_name: 'vm',
  created_at: 1,
});

const accepting = ({ body }: Seen): Answer => ({
  body: {
    sync: JSON.parse(body).sync.map(({ backup_id }: { backup_id: string }) => ({
      backup_id,
      operation_log_id: `of-${backup_id}`,
    })),
  },
});

const planning = ({ body }: Seen): Answer => ({
  body: {
    plan: JSON.parse(body).sync.map(({ backup_id }: { backup_id: string }) => ({
      backup_id,
      class: 'new',
      outcome: 'created',
      message: 'would be recorded',
      level: 'inventory',
      reason: null,
    })),
    forecast: { lists: 1, gets: 2, bytes_read: 3, seconds: 0.5 },
    requests: { lists: 1, gets: 1, bytes_read: 1 },
  },
});

function logOf(id: string, status: OperationStatus): OperationLog {
  const time = '2026-01-01T00:00:00.000000';
  return {
    id,
    checkpoint_id: null,
    created_at: time,
    started_at: time,
    ended_at: null,
    updated_at: time,
    error_info: { code: '', message: '' },
    extra_info: { common: { progress: 0, request_id: '', task_id: '' }, resource: { id: 'r', name: 'vm', type: 't' } },
    operation_type: 'sync',
    policy_id: null,
    project_id: 'p',
    provider_id: null,
    vault_id: null,
    vault_name: null,
    status,
    backup_sync: { outcome: null, message: '', level: null, reason: null, requests: null },
  };
}

describe('a call', () => {
  test('goes to the path of the table, with the token, and what the path does not carry as query or body', async () => {
    await using cloud = await service((call) =>
      call.method === 'POST' ? accepting(call) : { body: { backups: [], count: 0, limit: 5, offset: 0 } },
    );
    await cloud.client.syncBackups({ sync: [item('b/1')] });
    await cloud.client.listBackups({ limit: 5, name: 'a b', sort: 'name:asc' });
    expect(cloud.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v3/p%2F1/backups/sync',
      'GET /v3/p%2F1/backups?limit=5&name=a+b&sort=name%3Aasc',
    ]);
    expect(JSON.parse(cloud.seen[0]?.body ?? '')).toEqual({ sync: [item('b/1')] });
    expect(cloud.seen[0]?.headers).toMatchObject({
      'x-auth-token': 'secret-token',
      'content-type': 'application/json',
    });
  });

  test('is not sent when its input is wrong', async () => {
    await using cloud = await service(accepting);
    await expect(cloud.client.syncBackups({ sync: [] })).rejects.toMatchObject({ code: 'invalid_request' });
    expect(cloud.seen).toEqual([]);
  });

  test.each([
    [
      { status: 404, body: { error_code: 'BackupSync.1009', error_msg: 'no backup x' } },
      'backup_not_found',
      'no backup x',
    ],
    [{ status: 400, body: { error_code: 'BackupService.6105', error_msg: 'vault?' } }, 'refused', 'vault?'],
    [
      { status: 401, body: { error: { code: 401, message: 'go away', title: 'Unauthorized' } } },
      'not_authenticated',
      'go away',
    ],
    [{ status: 429, body: { error_code: 'APIGW.0308', error_msg: 'slow down' } }, 'throttled', 'slow down'],
    [{ status: 502, body: '<html>' }, 'unavailable', 'status 502'],
    [{ status: 200, body: '<html>' }, 'unexpected_answer', 'not JSON'],
    [{ status: 200, body: { hello: 1 } }, 'unexpected_answer', 'not of this API'],
  ])('answered with %j fails with %s', async (answer, code, message) => {
    await using cloud = await service(() => answer);
    await expect(cloud.client.showBackup({ backup_id: 'x' })).rejects.toMatchObject({
      name: 'BackupSyncError',
      code,
      message: expect.stringContaining(message),
    });
  });

  test('to nobody is unreachable, and one that is aborted says so', async () => {
    const nobody = createClient({ endpoint: 'http://127.0.0.1:9', projectId: 'p', token: 't' });
    await expect(nobody.listBackups({})).rejects.toMatchObject({ code: 'unreachable' });
    await expect(nobody.listBackups({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });

  test('never follows a redirect with the token', async () => {
    await using elsewhere = await service(() => ({ body: {} }));
    await using cloud = await service(() => ({ status: 307, headers: { Location: elsewhere.endpoint } }));
    await expect(cloud.client.listBackups({})).rejects.toMatchObject({ code: 'unreachable' });
    expect(elsewhere.seen).toEqual([]);
  });
});

describe('syncAll', () => {
  test('sends any number of items, 50 a call, in order', async () => {
    await using cloud = await service(accepting);
    const items = Array.from({ length: 120 }, (_, index) => item(`b${index}`));
    const accepted = (await Array.fromAsync(syncAll(cloud.client, items))).flat();
    expect(cloud.seen.map(({ body }) => JSON.parse(body).sync.length)).toEqual([50, 50, 20]);
    expect(accepted.map(({ index, operation_log_id }) => [index, operation_log_id])).toEqual(
      items.map(({ backup_id }, index) => [index, `of-${backup_id}`]),
    );
  });

  test('sends a backup that comes twice in a later call, since one call may name it once', async () => {
    await using cloud = await service(accepting);
    await Array.fromAsync(syncAll(cloud.client, [item('a'), item('b'), item('a'), item('c')]));
    expect(
      cloud.seen.map(({ body }) => JSON.parse(body).sync.map((each: { backup_id: string }) => each.backup_id)),
    ).toEqual([
      ['a', 'b'],
      ['a', 'c'],
    ]);
  });

  test('sends nothing when any item is wrong, and names them all', async () => {
    await using cloud = await service(accepting);
    const items = [
      item('a'),
      { ...item('b'), backup_name: '' },
      ...Array.from({ length: 60 }, (_, i) => item(`c${i}`)),
    ];
    items.push({ ...item('z'), image_path: '/z' });
    await expect(Array.fromAsync(syncAll(cloud.client, items))).rejects.toMatchObject({
      code: 'invalid_request',
      problems: [{ place: 'sync[1].backup_name' }, { place: 'sync[62].image_path' }],
    });
    expect(cloud.seen).toEqual([]);
  });
});

test('waitForOperations yields each operation once, when it has ended', async () => {
  const rounds = new Map<string, number>();
  await using cloud = await service(({ url }) => {
    const id = url.split('/').at(-1) ?? '';
    const round = (rounds.get(id) ?? 0) + 1;
    rounds.set(id, round);
    const status = round < 3 && id === 'slow' ? 'running' : id === 'bad' ? 'failed' : 'success';
    return { body: { operation_log: logOf(id, status) } };
  });
  const ended = await Array.fromAsync(waitForOperations(cloud.client, ['slow', 'quick', 'bad', 'quick']));
  expect(ended.map(({ id, status }) => `${id} ${status}`)).toEqual(['quick success', 'bad failed', 'slow success']);
});

test('issueToken asks by user and password and takes the token from its header', async () => {
  const domain = { id: 'default', name: 'Default' };
  await using cloud = await service(() => ({
    status: 201,
    headers: { 'X-Subject-Token': 'a-token' },
    body: {
      token: {
        methods: ['password'],
        issued_at: '2026-11-23T12:00:00.000000Z',
        expires_at: '2026-11-24T12:00:00.000000Z',
        project: { id: 'p1', name: 'default', domain },
        roles: [],
        user: { id: 'u', name: 'u', domain },
        catalog: [],
      },
    },
  }));
  const issued = await issueToken(cloud.endpoint, { user: 'u', password: 'pw', project: { id: 'p1' } });
  expect(issued).toEqual({ token: 'a-token', projectId: 'p1', expiresAtMs: Date.UTC(2026, 10, 24, 12) });
  expect(JSON.parse(cloud.seen[0]?.body ?? '')).toMatchObject({
    auth: { identity: { password: { user: { name: 'u', password: 'pw' } } }, scope: { project: { id: 'p1' } } },
  });
});

describe('planning a list', () => {
  test('asks 50 a call and adds up what the calls say', async () => {
    await using server = await service(planning);
    const items = Array.from({ length: 120 }, (_, index) => item(`b${index}`));
    const whole = await planAll(server.client, items);
    expect(whole.plan.map(({ backup_id }) => backup_id)).toEqual(items.map(({ backup_id }) => backup_id));
    expect(whole.forecast).toEqual({ lists: 3, gets: 6, bytes_read: 9, seconds: 1.5 });
    expect(server.seen.map(({ url }) => url)).toEqual(Array(3).fill('/v1/projects/p%2F1/plan'));
  });

  test('has no time where one call has none', async () => {
    let calls = 0;
    await using server = await service((request) => {
      calls += 1;
      const { body } = planning(request);
      return {
        body:
          calls === 1 ? { ...(body as object), forecast: { lists: 1, gets: 0, bytes_read: 0, seconds: null } } : body,
      };
    });
    const items = Array.from({ length: 60 }, (_, index) => item(`b${index}`));
    expect((await planAll(server.client, items)).forecast).toEqual({ lists: 2, gets: 2, bytes_read: 3, seconds: null });
  });
});

test('ancestors are asked for at the path that knows them', async () => {
  await using server = await service(accepting);
  for await (const accepted of syncAll(server.client, [item('a')], { withAncestors: true })) {
    expect(accepted).toEqual([{ backup_id: 'a', operation_log_id: 'of-a', index: 0 }]);
  }
  expect(server.seen.map(({ url, body }) => [url, JSON.parse(body).with_ancestors])).toEqual([
    ['/v1/projects/p%2F1/imports', true],
  ]);
});
