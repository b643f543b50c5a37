import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { type BudgetLimits, systemSleep } from '../storage/bucket-budget.ts';
import { budgetRequests } from '../storage/budgeted-storage-unit.ts';
import { StorageError, type StorageUnit } from '../storage/port.ts';
import { SharedBucketBudget } from '../storage/shared-bucket-budget.ts';
import { openLimitsDatabase } from '../testing/limits-database.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { PostgresBudgetStore } from './postgres-budget-store.ts';

let database: Awaited<ReturnType<typeof openLimitsDatabase>>;
beforeAll(async () => {
  database = await openLimitsDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

let buckets = 0;

/** Opens several nodes that use one bucket. `answer` is called as each request begins, and may throw. */
function openNodes(limits: BudgetLimits, count = 2, answer: (asked: number) => void | Promise<void> = () => {}) {
  buckets += 1;
  const bucket = `bucket-${buckets}`;
  const askedAtMs: number[] = [];
  let trips = 0;
  const nodes = Array.from({ length: count }, () => {
    const pool = database.connect();
    pool.on('acquire', () => {
      trips += 1;
    });
    const inFlight = { now: 0, most: 0 };
    const inner: StorageUnit = {
      ...openMemoryStorageUnit(new Map()),
      async head() {
        askedAtMs.push(performance.now());
        inFlight.now += 1;
        inFlight.most = Math.max(inFlight.most, inFlight.now);
        try {
          await answer(askedAtMs.length);
        } finally {
          inFlight.now -= 1;
        }
        return { size: 1, etag: null, modifiedAtMs: 0, encryptedByKey: false };
      },
    };
    const store = new PostgresBudgetStore(pool);
    const options = { store, liveNodes: () => count, clock: systemClock, sleep: systemSleep };
    const unit = budgetRequests(
      inner,
      (bucketName) => new SharedBucketBudget({ storageUnitId: 'unit', bucketName }, limits, options),
    );
    return {
      pool,
      inFlight,
      head: (signal?: AbortSignal) => unit.head({ bucket, key: 'k', ...(signal && { signal }) }),
    };
  });
  return { nodes, askedAtMs, trips: () => trips };
}

/** Makes requests for a while, each node this many at the same time. */
async function askFor(
  durationMs: number,
  nodes: readonly { readonly head: () => Promise<unknown> }[],
  atOnce: number,
): Promise<void> {
  const untilMs = performance.now() + durationMs;
  const ask = async (head: () => Promise<unknown>) => {
    while (performance.now() < untilMs) await head();
  };
  await Promise.all(nodes.flatMap(({ head }) => Array.from({ length: atOnce }, () => ask(head))));
}

type Budget = { readonly requests_per_second: number; readonly next_at_ms: number; readonly paused_until_ms: number };

/** Reads the row of the bucket of the test. */
async function readBudget(): Promise<Budget | undefined> {
  const { rows } = await database
    .connect()
    .query<Budget>('select * from bucket_budgets where bucket_name = $1', [`bucket-${buckets}`]);
  return rows[0];
}

describe('a budget over all nodes', () => {
  test.each([30, 1_000])('of %d requests a second is used, and never exceeded', async (requestsPerSecond) => {
    const { nodes, askedAtMs, trips } = openNodes({ requestsPerSecond, requestsInFlight: 400 }, 3);
    const fromMs = performance.now();
    await askFor(1_500, nodes, requestsPerSecond / 10);
    const passedS = ((askedAtMs.at(-1) ?? 0) - fromMs) / 1000;
    expect(askedAtMs.length).toBeLessThanOrEqual(requestsPerSecond * passedS + 1);
    // A process that is late loses turns.
    expect(askedAtMs.length).toBeGreaterThan(requestsPerSecond * passedS * 0.2);
    expect(trips() / passedS).toBeLessThanOrEqual(3 * 18);
  });

  test('goes to the nodes that need it', async () => {
    const { nodes, askedAtMs, trips } = openNodes({ requestsPerSecond: 100, requestsInFlight: 40 });
    const [busy, calm] = nodes;
    let calmAsked = 0;
    const calmly = async () => {
      const untilMs = performance.now() + 1_500;
      while (performance.now() < untilMs) {
        await calm?.head();
        calmAsked += 1;
        await systemSleep(100, undefined);
      }
    };
    const fromMs = performance.now();
    await Promise.all([askFor(1_500, busy === undefined ? [] : [busy], 10), calmly()]);
    const passedS = ((askedAtMs.at(-1) ?? 0) - fromMs) / 1000;
    expect(calmAsked).toBeGreaterThanOrEqual(3);
    expect(askedAtMs.length - calmAsked).toBeGreaterThan(3 * calmAsked);
    expect(askedAtMs.length).toBeLessThanOrEqual(100 * passedS + 1);
    expect(trips() / passedS).toBeLessThanOrEqual(2 * 18);
  });

  test('divides the requests in flight', async () => {
    const { nodes } = openNodes({ requestsPerSecond: 1e6, requestsInFlight: 9 }, 2, () => systemSleep(5, undefined));
    await askFor(200, nodes, 20);
    expect(nodes.map(({ inFlight }) => inFlight.most)).toEqual([4, 4]);
    const many = openNodes({ requestsPerSecond: 1e6, requestsInFlight: 1 }, 3, () => systemSleep(5, undefined));
    await askFor(100, many.nodes, 20);
    expect(many.nodes.map(({ inFlight }) => inFlight.most)).toEqual([1, 1, 1]);
  });
});

describe('a service that asks one node for fewer requests', () => {
  test('gets no requests from any node for as long as it says, and then half as many', async () => {
    let refusedAtMs = 0;
    const { nodes, askedAtMs } = openNodes({ requestsPerSecond: 100, requestsInFlight: 100 }, 2, (asked) => {
      if (asked !== 1) return;
      refusedAtMs = performance.now();
      throw new StorageError('throttled', 'slow down', { retryAfterMs: 1_000 });
    });
    const [one, other] = nodes;
    const refused = one?.head();
    while (((await readBudget())?.paused_until_ms ?? 0) === 0) await new Promise(setImmediate);
    await Promise.all([refused, other?.head()]);
    expect(askedAtMs).toHaveLength(3);
    for (const atMs of askedAtMs.slice(1)) expect(atMs).toBeGreaterThanOrEqual(refusedAtMs + 990);
    expect((await readBudget())?.requests_per_second).toBeGreaterThanOrEqual(50);
    expect((await readBudget())?.requests_per_second).toBeLessThan(60);
  });

  test('counts refusals of requests that were in flight together as one', async () => {
    const allAsked = Promise.withResolvers<void>();
    const { nodes } = openNodes({ requestsPerSecond: 1_000, requestsInFlight: 20 }, 2, async (asked) => {
      if (asked > 10) return;
      if (asked === 10) allAsked.resolve();
      await allAsked.promise;
      throw new StorageError('throttled', 'slow down', { retryAfterMs: 300 });
    });
    await Promise.all(nodes.flatMap(({ head }) => Array.from({ length: 5 }, () => head())));
    expect((await readBudget())?.requests_per_second).toBeGreaterThanOrEqual(500);
    expect((await readBudget())?.requests_per_second).toBeLessThan(700);
  });
});

test('a request that waits ends when its signal is aborted', async () => {
  const { nodes } = openNodes({ requestsPerSecond: 0.1, requestsInFlight: 9 });
  const [node] = nodes;
  await node?.head();
  const stopping = new AbortController();
  const reason = new Error('stopped by the test');
  const waiting = [node?.head(stopping.signal), node?.head(stopping.signal)];
  setImmediate(() => stopping.abort(reason));
  for (const each of await Promise.allSettled(waiting)) expect(each).toMatchObject({ status: 'rejected', reason });
});

test('without PostgreSQL, every node continues with its part of the rate, and shares again when it is back', async () => {
  const { nodes, askedAtMs } = openNodes({ requestsPerSecond: 200, requestsInFlight: 40 });
  const pool = database.connect();
  await askFor(100, nodes, 5);
  await pool.query('alter table bucket_budgets rename to away');
  const awayAtMs = performance.now();
  await askFor(1_000, nodes, 10);
  const away = askedAtMs.filter((atMs) => atMs > awayAtMs);
  const passedS = ((askedAtMs.at(-1) ?? 0) - awayAtMs) / 1000;
  expect(away.length).toBeGreaterThan(50);
  // Up to a tenth of a second's worth at once, and turns from before.
  expect(away.length).toBeLessThanOrEqual(200 * (passedS + 0.3) + 2);
  await pool.query('alter table away rename to bucket_budgets');
  const before = await readBudget();
  while ((await readBudget())?.next_at_ms === before?.next_at_ms) await askFor(100, nodes, 5);
});
