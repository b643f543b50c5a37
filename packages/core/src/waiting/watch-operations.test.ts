import type { Operation } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import type { ClientOptions } from '../client.ts';
import { clockedRuntime } from '../testing/clocked-runtime.ts';
import { type Reply, type Seen, startService } from '../testing/service.ts';

const isStream = ({ url }: Seen) => url.includes('/operation-events');

const ids = {
  a: '01900000-0000-7000-8000-00000000000a',
  b: '01900000-0000-7000-8000-00000000000b',
  old: '01900000-0000-7000-8000-000000000001',
};

function operation(id: string, status: Operation['status']): Operation {
  return {
    id,
    project_id: 'p',
    kind: 'import',
    parent_operation_id: null,
    status,
    phase: null,
    bucket_name: 'bucket',
    backup_id: 'b',
    backup_name: 'daily',
    source_id: null,
    created_at: '2026-01-01T00:00:00.000000',
    started_at: null,
    ended_at: null,
    updated_at: '2026-01-01T00:00:00.000000',
    cancel_requested: false,
    waiting_for: null,
    message: '',
    reason: null,
    progress: {},
    result: null,
    requests: null,
  };
}

const event = (id: number, of: string) =>
  `id: ${id}\nevent: operation\ndata: ${JSON.stringify({ operation: operation(of, 'success') })}\n\n`;

/** Sends one event and ends the answer. */
const streaming = (id: number, of: string): Reply => ({
  headers: { 'Content-Type': 'text/event-stream' },
  body: event(id, of),
});

/** Returns the first events, as operation and status. */
async function take(
  count: number,
  service: Awaited<ReturnType<typeof startService>>,
  options: Partial<ClientOptions> = {},
): Promise<string[]> {
  const taken: string[] = [];
  for await (const { operation } of service.client(options, clockedRuntime()).watchOperations()) {
    if (taken.push(`${operation.id.at(-1)} ${operation.status}`) === count) break;
  }
  return taken;
}

describe('watching operations', () => {
  test('continues a broken stream after the last event, once the service is back', async () => {
    const replies = [streaming(4, ids.a), { status: 503, body: {} }, null, streaming(7, ids.b)];
    await using service = await startService(() => replies.shift() ?? null);
    expect(await take(2, service)).toEqual(['a success', 'b success']);
    expect(service.seen.map(({ url }) => url)).toEqual([
      '/v1/projects/p%2F1/operation-events',
      ...Array(3).fill('/v1/projects/p%2F1/operation-events?after=4'),
    ]);
  });

  test('continues a silent stream after the last event', async () => {
    const silent: Reply = {
      headers: { 'Content-Type': 'text/event-stream' },
      stream: (response) => response.write(event(4, ids.a)),
    };
    const replies = [silent, streaming(7, ids.b)];
    await using service = await startService(() => replies.shift() ?? null);
    expect(await take(2, service, { timeoutMs: 100 })).toEqual(['a success', 'b success']);
    expect(service.seen[1]?.url).toMatch(/after=4$/);
  });

  test('signs the request with an access key each time it opens the stream', async () => {
    const replies = [streaming(4, ids.a), streaming(7, ids.b)];
    await using service = await startService(() => replies.shift() ?? null);
    const credentials = { accessKey: 'AK', secretKey: 'SK' };
    const events = service.client({ credentials }, clockedRuntime()).watchOperations();
    await events.next();
    await events.next();
    const signatures = service.seen.map(({ headers }) => headers.authorization);
    expect(signatures).toEqual(Array(2).fill(expect.stringMatching(/^SDK-HMAC-SHA256 Access=AK, /)));
    expect(new Set(signatures).size).toBe(2);
    await events.return(undefined);
  });

  test('yields what changed between polls if there is no stream', async () => {
    const looks = [
      [operation(ids.old, 'success'), operation(ids.a, 'waiting')],
      [operation(ids.a, 'running'), operation(ids.old, 'success')],
      [operation(ids.b, 'waiting'), operation(ids.a, 'success')],
    ];
    await using service = await startService((call) => {
      if (isStream(call)) return { status: 404, body: {} };
      const operations = looks.shift() ?? [];
      return { body: { operations, count: operations.length, limit: 200, offset: 0 } };
    });
    expect(await take(3, service)).toEqual(['a running', 'a success', 'b waiting']);
  });

  test.each([
    [401, { error_code: 'BackupSync.1005' }, 'not_authenticated'],
    [403, {}, 'role_not_allowed'],
    [409, { error_code: 'BackupSync.1025' }, 'events_gone'],
  ])('throws the error of a refusal: status %i', async (status, body, code) => {
    await using service = await startService(() => ({ status, body }));
    await expect(take(1, service)).rejects.toMatchObject({ code });
    expect(service.seen.length).toBe(1);
  });

  test('fails if nothing answers at the start, and stops when it is aborted', async () => {
    await using service = await startService(() => null);
    await expect(take(1, service)).rejects.toMatchObject({ code: 'unreachable' });
    const signal = AbortSignal.abort();
    const events = service.client().watchOperations({ signal });
    await expect(events.next()).rejects.toBe(signal.reason);
  });
});
