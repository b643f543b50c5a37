import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { clockedRuntime } from '../testing/clocked-runtime.ts';
import { type Reply, type Seen, startService } from '../testing/service.ts';
import { accepting, cloudLog, items } from '../testing/wire.ts';

const hourMs = 3_600_000;

const idOf = ({ url }: Seen) => url.split('?')[0]?.split('/').at(-1) ?? '';
const isStream = ({ url }: Seen) => url.endsWith('/operation-events');
const isListing = ({ url }: Seen) => idOf({ url } as Seen) === 'operation-logs';
const noStream: Reply = { status: 404, body: { error_code: 'APIGW.0101', error_msg: 'The API does not exist' } };
const showLog = (id: string, ended: boolean): Reply => ({
  body: { operation_log: cloudLog(id, ended ? 'success' : 'running') },
});

describe('waiting without a stream', () => {
  test('yields each operation once, after it has ended', async () => {
    const rounds = new Map<string, number>();
    await using service = await startService((call) => {
      if (isStream(call)) return noStream;
      const id = idOf(call);
      const round = (rounds.get(id) ?? 0) + 1;
      rounds.set(id, round);
      const status = round < 3 && id === 'slow' ? 'running' : id === 'bad' ? 'failed' : 'success';
      return { body: { operation_log: cloudLog(id, status) } };
    });
    const ended = await Array.fromAsync(
      service.client({}, clockedRuntime()).waitFor(['slow', 'quick', { operation_log_id: 'bad' }, 'quick']),
    );
    expect(ended.map(({ id, status }) => `${id} ${status}`).sort()).toEqual([
      'bad failed',
      'quick success',
      'slow success',
    ]);
    expect(ended.at(-1)?.id).toBe('slow');
  });

  test('polls less and less often, and more often when something ends', async () => {
    const runtime = clockedRuntime();
    const askedAtMs: number[] = [];
    await using service = await startService((call) => {
      if (isStream(call)) return noStream;
      if (idOf(call) === 'last') askedAtMs.push(runtime.nowMs());
      const asked = askedAtMs.length;
      return showLog(idOf(call), asked > 20 || (asked > 15 && idOf(call) === 'first'));
    });
    await Array.fromAsync(service.client({}, runtime).waitFor(['last', 'first']));
    const pausesMs = askedAtMs.slice(1).map((atMs, index) => atMs - (askedAtMs[index] ?? 0));
    expect(pausesMs.slice(0, 14).every((ms, index) => ms >= (pausesMs[index - 1] ?? 0))).toBe(true);
    expect(pausesMs[0]).toBeLessThan(100);
    expect(pausesMs[14]).toBeGreaterThan(3_000);
    expect(pausesMs[16]).toBeLessThan(pausesMs[14] ?? 0);
  });

  test('looks up many operations in the listing, and fetches only the missing ones singly', async () => {
    const ids = Array.from({ length: 2_500 }, (_, index) => `o${index}`);
    await using service = await startService((call) => {
      if (isStream(call)) return noStream;
      if (!isListing(call)) return showLog(idOf(call), true);
      const query = new URL(call.url, 'http://service').searchParams;
      const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))];
      const logs = ids.slice(3, 2_000).map((id) => cloudLog(id, 'success'));
      return { body: { operation_logs: logs.slice(offset, offset + limit) } };
    });
    const ended = await Array.fromAsync(service.client({}, clockedRuntime()).waitFor(ids));
    expect(ended.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(service.seen.filter(isListing).length).toBeLessThanOrEqual(5);
    expect(service.seen.filter((call) => !isListing(call) && !isStream(call)).length).toBe(503);
  });

  test('reads further pages if newer operations come first in the listing', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => `o${index}`);
    const listed = [...Array.from({ length: 2_500 }, (_, index) => `later${index}`), ...ids];
    await using service = await startService((call) => {
      if (isStream(call)) return noStream;
      if (!isListing(call)) return showLog(idOf(call), true);
      const query = new URL(call.url, 'http://service').searchParams;
      const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))];
      return { body: { operation_logs: listed.slice(offset, offset + limit).map((id) => cloudLog(id, 'success')) } };
    });
    const ended = await Array.fromAsync(service.client({}, clockedRuntime()).waitFor(ids));
    expect(ended.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(service.seen.filter((call) => !isListing(call) && !isStream(call)).length).toBeLessThanOrEqual(10);
  });

  test('fails at the deadline, and says what has not ended', async () => {
    const runtime = clockedRuntime();
    await using service = await startService((call) => (isStream(call) ? noStream : showLog(idOf(call), false)));
    const deadlineMs = runtime.nowMs() + 60_000;
    await expect(
      Array.fromAsync(service.client({}, runtime).waitFor(['o1', 'o2'], { deadlineMs })),
    ).rejects.toMatchObject({ code: 'deadline_passed', message: expect.stringContaining('2 operations') });
    expect(runtime.nowMs()).toBe(deadlineMs);
  });

  test('accepts a fractional deadline, and refuses NaN', async () => {
    const runtime = clockedRuntime();
    await using service = await startService((call) => (isStream(call) ? noStream : showLog(idOf(call), false)));
    const wait = (deadlineMs: number) => Array.fromAsync(service.client({}, runtime).waitFor(['o'], { deadlineMs }));
    await expect(wait(runtime.nowMs() + 60_000.5)).rejects.toMatchObject({ code: 'deadline_passed' });
    await expect(wait(Number.NaN)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test.each([-hourMs, 25 * hourMs])('ends as late if the wall clock is set by %d ms meanwhile', async (stepMs) => {
    const runtime = clockedRuntime();
    const startedAtMs = runtime.monotonicMs();
    let asked = 0;
    await using service = await startService((call) => {
      if (isStream(call)) return noStream;
      asked += 1;
      if (asked === 3) runtime.step(stepMs);
      return showLog(idOf(call), false);
    });
    await expect(
      Array.fromAsync(service.client({}, runtime).waitFor(['o'], { deadlineMs: runtime.nowMs() + 60_000 })),
    ).rejects.toMatchObject({ code: 'deadline_passed' });
    expect(runtime.monotonicMs() - startedAtMs).toBe(60_000);
    expect(asked).toBeGreaterThan(10);
  });

  test.each([60, 100])('sets no negative timer if reading the clock takes %d ms', async (lookMs) => {
    const clocked = clockedRuntime();
    const look = (read: () => number) => () => {
      clocked.pass(lookMs);
      return read();
    };
    const runtime = { ...clocked, nowMs: look(clocked.nowMs), monotonicMs: look(clocked.monotonicMs) };
    let rounds = 0;
    await using service = await startService((call) =>
      isStream(call) ? noStream : showLog(idOf(call), ++rounds === 5),
    );
    await Array.fromAsync(service.client({}, runtime).waitFor(['o'], { deadlineMs: runtime.nowMs() + 600_000 }));
    expect(clocked.sleptMs.filter((milliseconds) => milliseconds < 0)).toEqual([]);
  });

  test('sets no timer beyond the limit of timers, however far away the deadline is', async () => {
    const runtime = clockedRuntime();
    await using service = await startService(() => noStream);
    async function* endless() {
      // The list yields nothing until the deadline has passed.
      while (runtime.monotonicMs() < 365 * 24 * hourMs) await setImmediate();
      yield 'o';
    }
    const deadlineMs = runtime.nowMs() + 365 * 24 * hourMs;
    await expect(Array.fromAsync(service.client({}, runtime).waitFor(endless(), { deadlineMs }))).rejects.toMatchObject(
      {
        code: 'deadline_passed',
      },
    );
    expect(Math.max(...runtime.sleptMs)).toBeLessThan(2 ** 31);
  });

  test('stops when the signal is aborted', async () => {
    const stopping = new AbortController();
    const reason = new Error('the window was closed');
    await using service = await startService((call) => {
      if (isStream(call)) return noStream;
      stopping.abort(reason);
      return showLog(idOf(call), false);
    });
    await expect(
      Array.fromAsync(service.client({}, clockedRuntime()).waitFor(['o'], { signal: stopping.signal })),
    ).rejects.toBe(reason);
  });

  test('fails if an operation does not exist', async () => {
    await using service = await startService(() => noStream);
    await expect(Array.fromAsync(service.client({}, clockedRuntime()).waitFor(['o']))).rejects.toMatchObject({
      code: 'operation_log_not_found',
    });
  });

  test('follows a list that is still being produced, such as a sync, and throws its error last', async () => {
    await using service = await startService((call) => {
      if (isStream(call)) return noStream;
      if (call.method !== 'POST') return isListing(call) ? { body: { operation_logs: [] } } : showLog(idOf(call), true);
      return call.body.includes('"b70"') ? { status: 403, body: {} } : accepting(call);
    });
    const client = service.client();
    const ended: string[] = [];
    const wait = (async () => {
      for await (const { id } of client.waitFor(client.syncBackups(items(100)))) ended.push(id);
    })();
    await expect(wait).rejects.toMatchObject({ code: 'role_not_allowed', progress: { failed: [{ first: 50 }] } });
    expect(ended.length).toBe(50);
  });

  test('ends immediately for an empty list', async () => {
    await using service = await startService(() => noStream);
    expect(await Array.fromAsync(service.client().waitFor([]))).toEqual([]);
  });
});

/** A service with a stream that the test writes to. */
async function startStreamingService() {
  const ended = new Set<string>();
  const streams: ServerResponse[] = [];
  const asked = new Map<string, () => void>();
  const service = await startService((call) => {
    if (!isStream(call)) {
      asked.get(idOf(call))?.();
      return showLog(idOf(call), ended.has(idOf(call)));
    }
    return {
      headers: { 'Content-Type': 'text/event-stream' },
      stream(response) {
        streams.push(response);
        response.write(': welcome\n\n');
      },
    };
  });
  const event = (id: string, status: string) =>
    `id: 1\nevent: operation\ndata: ${JSON.stringify({ operation: { id, status, kind: 'import' } })}\n\n`;
  return {
    ...service,
    streams,
    /** Resolves when the operation is next fetched. */
    nextAsked: (id: string) => new Promise<void>((resolve) => asked.set(id, resolve)),
    /** Sends an event in two pieces. */
    tell(id: string, status: string) {
      const text = event(id, status);
      streams.at(-1)?.write(text.slice(0, 25));
      streams.at(-1)?.write(text.slice(25));
    },
    end(id: string) {
      ended.add(id);
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
    },
  };
}

describe('waiting with a stream', () => {
  test('fetches each operation once, then only those that the stream reports as ended', async () => {
    await using service = await startStreamingService();
    service.end('early');
    const ended = service.client().waitFor(['early', 'late', 'later']);
    expect((await ended.next()).value?.id).toBe('early');
    for (const id of ['late', 'later']) {
      service.tell(id, 'running');
      service.tell('of-others', 'success');
      service.end(id);
      service.tell(id, 'success');
      expect((await ended.next()).value?.id).toBe(id);
    }
    expect((await ended.next()).done).toBe(true);
    const asks = service.seen.filter((call) => !isStream(call)).map(idOf);
    expect(asks.filter((id) => id === 'late').length).toBe(2);
    expect(asks).not.toContain('of-others');
    expect(service.seen.filter(isStream).map(({ url, headers }) => [url, headers.accept])).toEqual([
      ['/v1/projects/p%2F1/operation-events', 'text/event-stream'],
    ]);
  });

  test('reopens a broken stream, and finds what ended meanwhile', async () => {
    await using service = await startStreamingService();
    const firstAsk = service.nextAsked('o');
    const waiting = Array.fromAsync(service.client().waitFor(['o']));
    await firstAsk;
    service.end('o');
    service.streams[0]?.destroy();
    expect((await waiting).map(({ id }) => id)).toEqual(['o']);
  });

  test('treats a silent stream as broken', async () => {
    let opened = 0;
    await using service = await startService((call) => {
      if (!isStream(call)) return showLog(idOf(call), opened > 1);
      opened += 1;
      return {
        headers: { 'Content-Type': 'text/event-stream' },
        stream: (response) => response.write(': welcome\n\n'),
      };
    });
    const ended = await Array.fromAsync(service.client({ timeoutMs: 100 }).waitFor(['o']));
    expect(ended.map(({ id }) => id)).toEqual(['o']);
  });

  test('polls if streams keep breaking', async () => {
    let rounds = 0;
    const runtime = clockedRuntime();
    await using service = await startService((call) => {
      if (!isStream(call)) return showLog(idOf(call), ++rounds > 12);
      return { headers: { 'Content-Type': 'text/event-stream' }, stream: (response) => response.destroy() };
    });
    await Array.fromAsync(service.client({}, runtime).waitFor(['o']));
    expect(service.seen.filter(isStream).length).toBe(3);
  });

  test.each([404, 405, 406, 200])('polls if the stream is answered with %i and no events', async (status) => {
    await using service = await startService((call) =>
      isStream(call) ? { status, body: {} } : showLog(idOf(call), true),
    );
    await Array.fromAsync(service.client({}, clockedRuntime()).waitFor(['o']));
    expect(service.seen.filter(isStream).length).toBe(1);
  });

  test('closes the stream when the caller stops waiting', async () => {
    await using service = await startStreamingService();
    service.end('o');
    for await (const _ of service.client().waitFor(['o', 'never'])) break;
    const [stream] = service.streams;
    if (stream !== undefined && !stream.destroyed) await new Promise((resolve) => stream.once('close', resolve));
  });

  test('fails at the deadline if the stream reports nothing', async () => {
    const runtime = clockedRuntime();
    await using service = await startStreamingService();
    await expect(
      Array.fromAsync(service.client({}, runtime).waitFor(['o'], { deadlineMs: runtime.nowMs() + 60_000 })),
    ).rejects.toMatchObject({ code: 'deadline_passed' });
  });
});
