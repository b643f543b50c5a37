import type { AppRouter } from '@backup-sync/trpc';
import { createTRPCClient, httpSubscriptionLink } from '@trpc/client';
import { EventSource } from 'eventsource';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { heartbeatMs } from './open-stream.ts';
import { signedHeaders } from './signing-for-tests.ts';
import { specificationExample, startTestGateway, type TestGateway } from './testing.ts';

const item = { ...specificationExample, image_path: 'a/b' };
const path = '/v1/projects/{project_id}/operation-events';
const statuses = ['waiting', 'running', 'success'];

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ [item.bucket_name]: { 'a/b/disk': 'bytes' } });
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  expect(gateway.faults).toEqual([]);
});

type Event = { readonly id: string; readonly id_of: string; readonly status: string };

/** Opens the stream as a browser does, or any program that reads lines. */
async function open(on: TestGateway, query = '', headers: Record<string, string> = {}, to = path) {
  const closing = new AbortController();
  const response = await fetch(on.endpoint + to.replace('{project_id}', on.projectId) + query, {
    headers: { 'X-Auth-Token': on.token, ...headers },
    signal: closing.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    response,
    /** Returns the text that arrives until it contains this part, or all of it. */
    async until(wanted: string): Promise<string> {
      while (!text.includes(wanted)) {
        const chunk = await reader?.read();
        if (chunk === undefined || chunk.done) return text;
        text += chunk.value;
      }
      return text;
    },
    [Symbol.dispose]: () => closing.abort(),
  };
}

/** Parses the events in a text. */
function eventsOf(text: string): Event[] {
  const blocks = text.matchAll(/^id: (\d+)\nevent: operation\ndata: (.+)\n\n/gm);
  return Array.from(blocks, ([, id = '', data = '']) => {
    const { operation } = JSON.parse(data);
    return { id, id_of: operation.id, status: operation.status };
  });
}

async function syncOnce(on = gateway): Promise<string> {
  const { body } = await on.call('POST', '/v3/{project_id}/backups/sync', { sync: [item] });
  const id = body.sync[0].operation_log_id;
  await on.ended(id);
  return id;
}

test('operations can be followed over REST as server-sent events, each with an id to resume after', async () => {
  using stream = await open(gateway);
  expect(stream.response.status).toBe(200);
  expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(stream.response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  const id = await syncOnce();
  const text = await stream.until('"success"');
  const start = /^id: (\d+)\n\n/.exec(text)?.[1];
  const events = eventsOf(text);
  expect(events.map(({ id_of, status }) => [id_of, status])).toEqual(statuses.map((status) => [id, status]));
  const data = /^data: (.+success.+)$/m.exec(text)?.[1] ?? '';
  const shown = await gateway.call('GET', `/v1/projects/{project_id}/operations/${id}`);
  expect(JSON.parse(data)).toEqual(shown.body);

  using again = await open(gateway, `?after=${start}`);
  expect(eventsOf(await again.until('"success"'))).toEqual(events);
  // The header of a reader that reconnects is newer than its address.
  using resumed = await open(gateway, `?after=${start}`, { 'Last-Event-ID': events[1]?.id ?? '' });
  expect(eventsOf(await resumed.until('"success"'))).toEqual(events.slice(2));
});

test('the EventSource of a browser can read it', async () => {
  const source = new EventSource(gateway.endpoint + path.replace('{project_id}', gateway.projectId), {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'X-Auth-Token': gateway.token } }),
  });
  await new Promise((resolve) => source.addEventListener('open', resolve));
  const success = new Promise<MessageEvent>((resolve) => {
    source.addEventListener('operation', (event) => {
      if (JSON.parse(event.data).operation.status === 'success') resolve(event);
    });
  });
  const id = await syncOnce();
  const event = await success;
  source.close();
  expect(JSON.parse(event.data).operation.id).toBe(id);
  expect(event.lastEventId).toMatch(/^\d+$/);
});

test('the place at which a signed reader resumes must be covered by its signature, at both interfaces', async () => {
  const { body } = await gateway.call('POST', '/v1/projects/{project_id}/access-keys', {
    user_name: 'admin',
    target_project_id: gateway.projectId,
  });
  const key = { accessKey: body.access_key.access_key, secretKey: body.secret_key };
  using stream = await open(gateway);
  const after = /^id: (\d+)/.exec(await stream.until('id: '))?.[1];
  await syncOnce();
  const [first, second] = eventsOf(await stream.until('"success"'));
  const last = { 'last-event-id': second?.id ?? '' };
  const input = encodeURIComponent(JSON.stringify({ project_id: gateway.projectId, after }));
  for (const [to, query] of [
    [path.replace('{project_id}', gateway.projectId), `?after=${after}`],
    ['/trpc/watchOperations', `?input=${input}`],
  ] as const) {
    const request = { method: 'GET', url: new URL(gateway.endpoint + to + query), body: '' };
    const accept = { Accept: 'text/event-stream' };
    for (const [headers, isTaken] of [
      [{ ...signedHeaders(key, request, Date.now()), ...last }, false],
      [signedHeaders(key, request, Date.now(), last), true],
    ] as const) {
      using again = await open(gateway, query, { ...accept, ...headers }, to);
      const text = await again.until('"success"');
      expect([again.response.status, text.includes(`id: ${first?.id}\n`)], to).toEqual([200, !isTaken]);
    }
  }
});

test('a stream that cannot begin is refused like any call', async () => {
  const refused = (query: string, headers = {}) => gateway.call('GET', path + query, undefined, headers);
  expect(await refused('?after=soon')).toMatchObject({ status: 400, body: { problems: [{ place: 'after' }] } });
  expect(await refused('?after=99999999')).toMatchObject({ status: 409, body: { error_code: 'BackupSync.1025' } });
  expect(await refused('', { 'X-Auth-Token': 'no' })).toMatchObject({ status: 401 });
  const post = await gateway.call('POST', path, {});
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  const head = await gateway.call('HEAD', path);
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
});

test('a stream sends heartbeats, and ends when its token does', async () => {
  const issued = await gateway.call('POST', '/v3/auth/tokens', {
    auth: { identity: { methods: ['token'], token: { id: gateway.token } } },
  });
  const token = issued.headers.get('x-subject-token') ?? '';
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  using stream = await open(gateway, '', { 'X-Auth-Token': token });
  await stream.until('id: ');
  vi.advanceTimersByTime(heartbeatMs);
  expect(await stream.until(': alive\n\n')).toContain(': alive\n\n');
  const revoked = await gateway.call('DELETE', '/v3/auth/tokens', undefined, { 'X-Subject-Token': token });
  expect(revoked.status).toBe(204);
  vi.advanceTimersByTime(heartbeatMs);
  expect(await stream.until('never sent')).not.toContain('event:');
});

test('a stream shows no event after its user is removed', async () => {
  const users = '/v1/projects/{project_id}/users';
  const own = { user_name: 'ada', password: 'a password of twelve' };
  await gateway.call('POST', users, { name: own.user_name, password: own.password });
  const role = { user_name: own.user_name, target_project_id: gateway.projectId, role: 'reader' };
  await gateway.call('POST', '/v1/projects/{project_id}/roles', role);
  const user = { name: own.user_name, password: own.password };
  const issued = await gateway.call('POST', '/v3/auth/tokens', {
    auth: { identity: { methods: ['password'], password: { user } } },
  });
  const token = issued.headers.get('x-subject-token') ?? '';
  using stream = await open(gateway, '', { 'X-Auth-Token': token });
  const subscribed = subscribe({ ...gateway, token }, {});
  await subscribed.started;
  await syncOnce();
  await Promise.all([stream.until('"success"'), subscribed.ended]);
  const shown = subscribed.events.length;
  expect((await gateway.call('DELETE', `${users}/ada`)).status).toBe(204);
  const id = await syncOnce();
  // The next heartbeat is far away, so it is the first event that ends them.
  expect(await stream.until('never sent')).not.toContain(id);
  expect(await subscribed.broken).toMatchObject({ data: { errorCode: 'not_authenticated' } });
  expect(subscribed.events).toHaveLength(shown);
  subscribed.stop();
});

test('streams end immediately when the server stops', async () => {
  const own = await startTestGateway({});
  using stream = await open(own);
  await stream.until('id: ');
  const subscribed = subscribe(own, {});
  await subscribed.started;
  await Promise.all([stream.until('never sent'), subscribed.broken, own[Symbol.asyncDispose]()]);
  subscribed.stop();
  expect(own.faults).toEqual([]);
});

/** Follows operations over tRPC. */
function subscribe(on: TestGateway, input: { after?: string }) {
  const events: Event[] = [];
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const broken = Promise.withResolvers<unknown>();
  const trpc = createTRPCClient<AppRouter>({
    links: [
      httpSubscriptionLink({
        url: `${on.endpoint}/trpc`,
        EventSource,
        eventSourceOptions: {
          fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'X-Auth-Token': on.token } }),
        },
      }),
    ],
  });
  const subscription = trpc.watchOperations.subscribe(
    { project_id: on.projectId, ...input },
    {
      onStarted: () => started.resolve(),
      onData: ({ id, data: { operation } }) => {
        events.push({ id, id_of: operation.id, status: operation.status });
        if (operation.ended_at !== null) ended.resolve();
      },
      onConnectionStateChange: ({ error }) => {
        if (error) broken.resolve(error);
      },
      onError: (error) => broken.resolve(error),
    },
  );
  return {
    events,
    started: started.promise,
    ended: ended.promise,
    broken: broken.promise,
    stop: () => subscription.unsubscribe(),
  };
}

test('operations can be followed over tRPC as a subscription, which resumes after its last id', async () => {
  const first = subscribe(gateway, {});
  await first.started;
  // The subscription is open once it has sent something. Earlier events may be missing.
  const { body } = await gateway.call('GET', '/v3/{project_id}/operation-logs?limit=1');
  expect(body.limit).toBe(1);
  const id = await syncOnce();
  await first.ended;
  first.stop();
  expect(first.events.map(({ id_of, status }) => [id_of, status])).toEqual(statuses.map((status) => [id, status]));
  const resumed = subscribe(gateway, { after: first.events[0]?.id ?? '' });
  await resumed.ended;
  resumed.stop();
  expect(resumed.events).toEqual(first.events.slice(1));
});

test('a subscription that cannot begin is refused with the same code', async () => {
  const refused = subscribe(gateway, { after: '99999999' });
  expect(await refused.broken).toMatchObject({ data: { errorCode: 'events_gone', number: 'BackupSync.1025' } });
  refused.stop();
});
