import type { BackupSyncError, BackupSyncInput } from '@backup-sync/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clockedRuntime } from '../testing/clocked-runtime.ts';
import { startService } from '../testing/service.ts';
import { accepting, idsOf, item, items } from '../testing/wire.ts';
import type { Accepted } from './sync-backups.ts';

const refusal = {
  status: 403,
  headers: { 'X-Request-Id': 'r-1' },
  body: { error_code: 'BackupSync.1008', error_msg: 'bucket not bound' },
};

/** Returns the items yielded before the error, and the error. */
async function collect(accepted: AsyncIterable<Accepted>): Promise<{ indexes: number[]; error: unknown }> {
  const indexes: number[] = [];
  try {
    for await (const { index } of accepted) indexes.push(index);
  } catch (error) {
    return { indexes, error };
  }
  return { indexes, error: null };
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

async function* lazily<T>(list: Iterable<T>): AsyncGenerator<T> {
  for (const each of list) {
    await Promise.resolve();
    yield each;
  }
}

describe('syncBackups', () => {
  test.each([
    ['an array', items(120)],
    ['an iterable', new Set(items(120))],
    ['an async iterable', lazily(items(120))],
  ])('sends %s in calls of 50 items and yields the accepted items in order', async (_, list) => {
    await using service = await startService(accepting);
    const accepted = await Array.fromAsync(service.client().syncBackups(list));
    expect(service.seen.map((call) => idsOf(call).length).sort()).toEqual([20, 50, 50]);
    expect(accepted).toEqual(
      items(120).map(({ backup_id }, index) => ({ index, backup_id, operation_log_id: `of-${backup_id}` })),
    );
  });

  test('sends nothing for an empty list', async () => {
    await using service = await startService(accepting);
    expect(await Array.fromAsync(service.client().syncBackups([]))).toEqual([]);
    expect(service.seen).toEqual([]);
  });

  test('waits as long as the service asks while the backlog is full, then continues', async () => {
    const full = { error_code: 'BackupSync.1057', error_msg: 'too many imports have not ended' };
    let refusals = 30;
    const runtime = clockedRuntime();
    await using service = await startService((call) => {
      if (refusals === 0) return accepting(call);
      refusals -= 1;
      return { status: 429, headers: { 'Retry-After': '7' }, body: full };
    });
    const accepted = await Array.fromAsync(service.client({}, runtime).syncBackups(items(120)));
    expect(accepted.map(({ index }) => index)).toEqual(range(0, 119));
    expect(runtime.sleptMs).toHaveLength(30);
    for (const sleptMs of runtime.sleptMs) expect(sleptMs).toBeGreaterThanOrEqual(7_000);
  });

  test('has several calls under way at once', async () => {
    const five = Promise.withResolvers<void>();
    let calls = 0;
    await using service = await startService(async (call) => {
      calls += 1;
      if (calls === 5) five.resolve();
      // The first answer is sent only after the fifth call has arrived.
      await five.promise;
      return accepting(call);
    });
    expect((await Array.fromAsync(service.client().syncBackups(items(250)))).length).toBe(250);
  });

  test('sends the items of each backup in the order of the list, however often it is named', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 70 }), { maxLength: 200 }), async (names) => {
        const answered: string[] = [];
        const underWay = new Set<string>();
        await using service = await startService(async (call) => {
          const ids = idsOf(call);
          expect(new Set(ids).size).toBe(ids.length);
          for (const id of ids) expect(underWay.has(id)).toBe(false);
          for (const id of ids) underWay.add(id);
          await new Promise(setImmediate);
          for (const id of ids) underWay.delete(id);
          answered.push(...(JSON.parse(call.body).sync as { backup_name: string }[]).map((each) => each.backup_name));
          return accepting(call);
        });
        // The name says which occurrence this is.
        const list = names.map((name, index) => ({ ...item(`b${name}`), backup_name: `${name}-${index}` }));
        const { indexes, error } = await collect(service.client().syncBackups(list));
        expect({ indexes, error }).toEqual({ indexes: range(0, names.length - 1), error: null });
        for (const name of new Set(names)) {
          const expected = list.filter(({ backup_id }) => backup_id === `b${name}`).map((each) => each.backup_name);
          expect(answered.filter((each) => each.startsWith(`${name}-`))).toEqual(expected);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('uses the import call if ancestors are wanted', async () => {
    await using service = await startService(accepting);
    await Array.fromAsync(service.client().syncBackups([item('a')], { withAncestors: true }));
    expect(service.seen.map(({ url, body }) => [url, JSON.parse(body).with_ancestors])).toEqual([
      ['/v1/projects/p%2F1/imports', true],
    ]);
  });

  test('refuses an answer that does not have each backup in its place', async () => {
    await using service = await startService(() => ({ body: { sync: [{ backup_id: 'b', operation_log_id: 'o' }] } }));
    await expect(Array.fromAsync(service.client().syncBackups([item('a')]))).rejects.toMatchObject({
      code: 'unexpected_answer',
    });
  });

  test('limits how far it reads ahead', async () => {
    await using service = await startService(accepting);
    let read = 0;
    const closed = Promise.withResolvers<void>();
    function* endless() {
      try {
        while (true) yield item(`b${read++}`);
      } finally {
        closed.resolve();
      }
    }
    for await (const { index } of service.client().syncBackups(endless())) {
      expect(read - index).toBeLessThan(4_000);
      if (index === 5_000) break;
    }
    await closed.promise;
  });
});

describe('a list with an invalid item', () => {
  const wrong = { ...item('b'), backup_name: '' };

  test('is not sent at all if it is an array, and the error has every problem', async () => {
    await using service = await startService(accepting);
    const list = [item('a'), wrong, ...items(60), { ...item('z'), image_path: '/z' }];
    const { indexes, error } = await collect(service.client().syncBackups(list));
    expect(error).toMatchObject({
      code: 'invalid_request',
      message:
        'sync[1].backup_name (backup_id "b"): must have 1 to 64 characters, has 0; ' +
        'sync[62].image_path (backup_id "z"): starts with "/"; give the path relative to the bucket',
      problems: [
        { place: 'sync[1].backup_name', item: { index: 1, backup_id: 'b' } },
        { place: 'sync[62].image_path', item: { index: 62, backup_id: 'z' } },
      ],
      progress: { accepted: [], failed: [], unsentFrom: 0 },
    });
    expect(indexes).toEqual([]);
    expect(service.seen).toEqual([]);
  });

  test('has items identified if possible, and only ten problems in the message', async () => {
    await using service = await startService(accepting);
    const { backup_id: _, ...anonymous } = item('a');
    const list = [null, anonymous, { ...anonymous, backup_id: 7 }, ...Array(100).fill(wrong)] as BackupSyncInput[];
    const { error } = (await collect(service.client().syncBackups(list))) as { error: BackupSyncError };
    expect(error.problems).toHaveLength(103);
    expect(error.problems.slice(0, 3).map(({ item }) => item)).toEqual([
      { index: 0, backup_id: null },
      { index: 1, backup_id: null },
      { index: 2, backup_id: null },
    ]);
    expect(error.message).toContain('sync[1].backup_id: is required; ');
    expect(error.message).toMatch(/; and 93 more$/);
  });

  test('has the item named by a single call and a plan, too', async () => {
    await using service = await startService(accepting);
    const named = { code: 'invalid_request', problems: [{ item: { index: 1, backup_id: 'b' } }] };
    const list = [item('a'), wrong];
    const { calls, planBackups } = service.client();
    await expect(planBackups(list)).rejects.toMatchObject(named);
    await expect(calls.syncBackups({ sync: list })).rejects.toMatchObject(named);
    await expect(calls.planSync({ sync: list })).rejects.toMatchObject(named);
    expect(service.seen).toEqual([]);
  });

  test('has the item named by its place in the whole list if only the service refuses it', async () => {
    const problems = [{ place: 'sync[10].resource_id', message: 'is not known here' }];
    await using service = await startService((call) =>
      idsOf(call).includes('b60')
        ? { status: 400, body: { error_code: 'BackupSync.1001', error_msg: 'not valid', problems } }
        : accepting(call),
    );
    const { error } = await collect(service.client().syncBackups(items(100)));
    expect(error).toMatchObject({
      code: 'invalid_request',
      message:
        'items 50 to 99: sync[60].resource_id (backup_id "b60"): is not known here ' +
        '(50 items were accepted; sync the list again to finish the rest)',
      problems: [{ place: 'sync[60].resource_id', item: { index: 60, backup_id: 'b60' } }],
    });
  });

  test('may have times as Dates, which are sent in whole seconds', async () => {
    await using service = await startService(accepting);
    const at = (created_at: Date) => ({ ...item(`at ${created_at.getTime()}`), created_at });
    const { sync } = await drained(service.client().syncBackups([at(new Date(1_999)), item('a'), at(new Date(0))]));
    expect(sync).toEqual([1, 1, 0]);
    async function drained(accepted: AsyncIterable<Accepted>): Promise<{ sync: unknown }> {
      await Array.fromAsync(accepted);
      return { sync: JSON.parse(service.seen[0]?.body ?? '').sync.map((each: BackupSyncInput) => each.created_at) };
    }
    const { error } = await collect(
      service.client().syncBackups([item('a'), at(new Date(Number.NaN)), at(new Date(-1)), at(new Date('2040-01-01'))]),
    );
    expect(error).toMatchObject({
      message:
        'sync[1].created_at (backup_id "at NaN"): is an invalid Date; ' +
        'sync[2].created_at (backup_id "at -1"): must be whole seconds since 1970; a time before 1970 is not possible; ' +
        'sync[3].created_at (backup_id "at 2208988800000"): is after 2038-01-19T03:14:07.000Z, the latest time that CBR allows',
    });
  });

  test('is not sent if the project id is invalid', async () => {
    await using service = await startService(accepting);
    const client = service.client({ projectId: 'p'.repeat(65) });
    const { error } = await collect(client.syncBackups(items(2)));
    expect(error).toMatchObject({ code: 'invalid_request', problems: [{ place: 'project_id' }] });
    expect(service.seen).toEqual([]);
  });

  test('is sent up to the invalid item if it is an async iterable', async () => {
    await using service = await startService(accepting);
    const { indexes, error } = await collect(service.client().syncBackups(lazily([...items(70), wrong])));
    expect(error).toMatchObject({
      code: 'invalid_request',
      problems: [{ place: 'sync[70].backup_name' }],
      progress: { accepted: [{ first: 0, last: 49 }], failed: [], unsentFrom: 50 },
    });
    expect(indexes).toEqual(range(0, 49));
  });
});

describe('a list with a failing call', () => {
  test('yields all accepted items, and the error says which were accepted and which not', async () => {
    await using service = await startService((call) => (idsOf(call).includes('b60') ? refusal : accepting(call)));
    const { indexes, error } = await collect(service.client().syncBackups(items(150)));
    expect(indexes).toEqual([...range(0, 49), ...range(100, 149)]);
    expect(error).toMatchObject({
      name: 'BackupSyncError',
      code: 'bucket_not_bound',
      message: 'items 50 to 99: bucket not bound (100 items were accepted; sync the list again to finish the rest)',
      status: 403,
      requestId: 'r-1',
      retryable: false,
      cause: { code: 'bucket_not_bound', message: 'bucket not bound' },
      progress: {
        accepted: [
          { first: 0, last: 49 },
          { first: 100, last: 149 },
        ],
        failed: [{ first: 50, last: 99 }],
        unsentFrom: 150,
      },
    });
  });

  test('is not sent any further', async () => {
    await using service = await startService(() => refusal);
    const { error } = await collect(service.client().syncBackups(items(100_000)));
    expect(error).toMatchObject({ code: 'bucket_not_bound', progress: { accepted: [] } });
    expect(service.seen.length).toBeLessThan(100);
  });

  test('is finished by syncing the same list again', async () => {
    const accepted = new Set<string>();
    let broken = true;
    await using service = await startService((call) => {
      if (broken && idsOf(call).includes('b60')) return null;
      for (const id of idsOf(call)) accepted.add(id);
      return accepting(call);
    });
    const client = service.client({}, clockedRuntime());
    expect((await collect(client.syncBackups(items(150)))).error).toMatchObject({ code: 'unreachable' });
    broken = false;
    expect((await collect(client.syncBackups(items(150)))).error).toBeNull();
    expect(accepted.size).toBe(150);
  });

  test('throws the error of the list itself after the accepted items', async () => {
    const fault = new Error('the file is cut off');
    await using service = await startService(accepting);
    async function* cutOff() {
      yield* items(50);
      yield item('last');
      throw fault;
    }
    const { indexes, error } = await collect(service.client().syncBackups(cutOff()));
    expect(indexes).toEqual(range(0, 49));
    expect(error).toBe(fault);
  });
});

describe('the signal', () => {
  test('stops a sync that waits for its list', async () => {
    const stopping = new AbortController();
    await using service = await startService(accepting);
    async function* stuck() {
      yield* items(60);
      stopping.abort();
      await new Promise<never>(() => {});
    }
    const { error } = await collect(service.client().syncBackups(stuck(), { signal: stopping.signal }));
    // Its first call was under way.
    expect(error).toMatchObject({ code: 'aborted', cause: stopping.signal.reason });
  });

  test('makes the sync throw its reason if nothing was sent', async () => {
    await using service = await startService(accepting);
    const before = AbortSignal.abort(new Error('too early'));
    expect((await collect(service.client().syncBackups(items(2), { signal: before }))).error).toBe(before.reason);
    const stopping = new AbortController();
    async function* stuck() {
      stopping.abort();
      yield await new Promise<never>(() => {});
    }
    const { error } = await collect(service.client().syncBackups(stuck(), { signal: stopping.signal }));
    expect(error).toBe(stopping.signal.reason);
    await expect(service.client().planBackups(items(2), { signal: before })).rejects.toBe(before.reason);
    expect(service.seen).toEqual([]);
  });

  test('stops a sync that waits for answers, and the error says what was accepted', async () => {
    const stopping = new AbortController();
    const reason = new Error('the window was closed');
    await using service = await startService(async (call) => {
      if (idsOf(call).includes('b0')) return accepting(call);
      return new Promise<never>(() => {});
    });
    const indexes: number[] = [];
    const sync = (async () => {
      for await (const { index } of service.client().syncBackups(items(100), { signal: stopping.signal })) {
        indexes.push(index);
        if (index === 49) stopping.abort(reason);
      }
    })();
    await expect(sync).rejects.toMatchObject({
      code: 'aborted',
      message: 'the sync was aborted (50 items were accepted; sync the list again to finish the rest)',
      cause: reason,
      progress: { accepted: [{ first: 0, last: 49 }], failed: [{ first: 50, last: 99 }], unsentFrom: 100 },
    });
    expect(indexes).toEqual(range(0, 49));
  });
});
