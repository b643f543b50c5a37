import { BackupSyncError } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { clockedRuntime } from '../testing/clocked-runtime.ts';
import { type Reply, startService } from '../testing/service.ts';
import { accepting, cloudBackup, item, items } from '../testing/wire.ts';

const throttled: Reply = { status: 429, body: { error_code: 'APIGW.0308', error_msg: 'slow down' } };
const found: Reply = { body: { backup: cloudBackup('b') } };

/** Returns these answers one after the other, then repeats the last. */
function inTurn(...replies: readonly Reply[]): () => Reply {
  let next = 0;
  return () => replies[Math.min(next++, replies.length - 1)] ?? null;
}

describe('a call with a temporary failure', () => {
  test.each([
    ['no answer', null],
    ['a fault', { status: 502, body: '' }],
    ['an outage', { status: 503, body: '' }],
  ] as const)('is retried after %s, with growing pauses', async (_, failure) => {
    const runtime = clockedRuntime();
    await using service = await startService(inTurn(failure, failure, found));
    const { backup } = await service.client({}, runtime).calls.showBackup({ backup_id: 'b' });
    expect(backup.id).toBe('b');
    expect(service.seen.length).toBe(3);
    expect(runtime.sleptMs[1]).toBeGreaterThan(runtime.sleptMs[0] ?? 0);
  });

  test('is made four times, then throws the last error', async () => {
    await using service = await startService(() => ({ status: 500, body: { error_msg: 'broken' } }));
    await expect(service.client({}, clockedRuntime()).calls.syncBackups({ sync: [item('a')] })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'broken',
    });
    expect(service.seen.length).toBe(4);
  });

  test('is not retried if sending it twice has another effect', async () => {
    await using service = await startService(() => null);
    const { calls } = service.client({}, clockedRuntime());
    await expect(calls.startScan({ bucket_name: 'b' })).rejects.toMatchObject({ code: 'unreachable' });
    await expect(calls.deleteBackup({ backup_id: 'b' })).rejects.toMatchObject({ code: 'unreachable' });
    expect(service.seen.length).toBe(2);
  });

  test('is not retried once it is aborted', async () => {
    const stopping = new AbortController();
    const reason = new Error('the window was closed');
    await using service = await startService(() => {
      stopping.abort(reason);
      return null;
    });
    const call = service.client({}, clockedRuntime()).calls.listBackups({}, { signal: stopping.signal });
    await expect(call).rejects.toBe(reason);
    expect(service.seen.length).toBe(1);
  });

  test('is not retried once it is aborted, even with a retryable error', async () => {
    const stopping = new AbortController();
    const reason = new BackupSyncError('unavailable', 'the caller is closing down');
    await using service = await startService(() => {
      stopping.abort(reason);
      return new Promise(() => {});
    });
    const call = service.client({}, clockedRuntime()).calls.listBackups({}, { signal: stopping.signal });
    await expect(call).rejects.toBe(reason);
    expect(service.seen.length).toBe(1);
  });

  test.each([
    [0, null],
    [2, null],
    [2, throttled],
    [20, throttled],
  ] as const)('is retried at most maxRetries times: %i', async (maxRetries, failure) => {
    await using service = await startService(() => failure);
    const { calls } = service.client({ maxRetries }, clockedRuntime());
    await expect(calls.showBackup({ backup_id: 'b' })).rejects.toThrow();
    expect(service.seen.length).toBe(1 + maxRetries);
  });
});

describe('a service that asks for fewer calls', () => {
  test('gets any call again after the time it asked for, and not before', async () => {
    const runtime = clockedRuntime();
    const sentAtMs: number[] = [];
    const turn = inTurn({ ...throttled, headers: { 'Retry-After': '7' } }, { status: 204 });
    await using service = await startService(() => {
      sentAtMs.push(runtime.nowMs());
      return turn();
    });
    await service.client({}, runtime).calls.deleteBackup({ backup_id: 'b' });
    const [first = 0, second = 0] = sentAtMs;
    expect(second - first).toBeGreaterThanOrEqual(7_000);
    expect(second - first).toBeLessThan(8_000);
  });

  test('may give the time as a date', async () => {
    const runtime = clockedRuntime();
    const date = new Date(runtime.nowMs() + 20_000).toUTCString();
    await using service = await startService(inTurn({ ...throttled, headers: { 'Retry-After': date } }, found));
    await service.client({}, runtime).calls.showBackup({ backup_id: 'b' });
    expect(Math.max(...runtime.sleptMs)).toBeGreaterThanOrEqual(20_000);
  });

  test('pauses all calls, not only the refused one', async () => {
    const runtime = clockedRuntime();
    const sentAtMs: number[] = [];
    const turn = inTurn({ ...throttled, headers: { 'Retry-After': '60' } }, found);
    await using service = await startService(() => {
      sentAtMs.push(runtime.nowMs());
      return turn();
    });
    const { calls } = service.client({}, runtime);
    const startedAtMs = runtime.nowMs();
    const first = calls.showBackup({ backup_id: 'b' });
    // A sleep means that the first answer has arrived and its retry waits.
    while (service.seen.length < 1 || runtime.sleptMs.length < 1) await runtime.sleep(0, undefined);
    await Promise.all([first, calls.showBackup({ backup_id: 'b' })]);
    expect(sentAtMs.slice(1).every((atMs) => atMs - startedAtMs >= 60_000)).toBe(true);
  });

  test('makes the call fail if it asks for more than five minutes', async () => {
    await using service = await startService(() => ({ ...throttled, headers: { 'Retry-After': '3600' } }));
    await expect(service.client({}, clockedRuntime()).calls.showBackup({ backup_id: 'b' })).rejects.toMatchObject({
      code: 'throttled',
    });
    expect(service.seen.length).toBe(1);
  });

  test('gets about as many concurrent calls as it accepts, and finally all of them', async () => {
    // Accepts four concurrent calls.
    let underWay = 0;
    let refused = 0;
    const runtime = clockedRuntime();
    await using service = await startService(async (call) => {
      underWay += 1;
      try {
        if (underWay > 4) {
          refused += 1;
          return throttled;
        }
        for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
        return accepting(call);
      } finally {
        underWay -= 1;
      }
    });
    const accepted = await Array.fromAsync(service.client({}, runtime).syncBackups(items(3_000)));
    expect(accepted.map(({ index }) => index)).toEqual(Array.from({ length: 3_000 }, (_, index) => index));
    expect(service.mostUnderWay()).toBeGreaterThan(4);
    expect(refused).toBeLessThan(60);
  });
});
