import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLimitsDatabase } from '../testing/limits-database.ts';
import { PostgresBudgetStore } from './postgres-budget-store.ts';

let database: Awaited<ReturnType<typeof openLimitsDatabase>>;
let stores: readonly PostgresBudgetStore[];
beforeAll(async () => {
  database = await openLimitsDatabase();
  stores = Array.from({ length: 4 }, () => new PostgresBudgetStore(database.connect()));
});
afterAll(() => database[Symbol.asyncDispose]());

const place = (bucketName: string) => ({ storageUnitId: 'unit', bucketName });

function storeOf(node: number): PostgresBudgetStore {
  const store = stores[node];
  if (store === undefined) throw new Error(`there is no node ${node}`);
  return store;
}

test('no two nodes have the same turn, and turns are as far apart as the rate says', async () => {
  const asked = { turns: 5, answers: 0, requestsPerSecond: 100 };
  const reserve = async (store: PostgresBudgetStore) => {
    const starts: number[] = [];
    for (let reservation = 0; reservation < 25; reservation += 1) {
      starts.push((await store.reserve(place('turns'), asked)).startsAtMs);
    }
    return starts;
  };
  const starts = (await Promise.all(stores.map(reserve))).flat().toSorted((one, other) => one - other);
  expect(starts).toHaveLength(100);
  for (const [index, startsAtMs] of starts.slice(1).entries()) {
    // 0.01 ms: times since 1970 are rounded.
    expect(startsAtMs - (starts[index] ?? 0)).toBeGreaterThan(50 - 0.01);
  }
});

test('a slowdown pauses all nodes, and refusals during the pause count once', async () => {
  const reserve = (node: number, answers = 0) =>
    storeOf(node).reserve(place('slow'), { turns: 1, answers, requestsPerSecond: 100 });
  const slowDown = (node: number, retryAfterMs: number | null) =>
    storeOf(node).slowDown(place('slow'), { retryAfterMs, requestsPerSecond: 100 });
  expect((await reserve(0)).pausedForMs).toBeLessThan(0);
  const pauses = await Promise.all([slowDown(0, 60_000), slowDown(1, 60_000), slowDown(2, null)]);
  expect(Math.max(...pauses)).toBeGreaterThan(59_000);
  const paused = await reserve(3, 10);
  expect(paused.pausedForMs).toBeGreaterThan(50_000);
  // Answers during a pause are of requests from before it.
  expect(paused.requestsPerSecond).toBe(50);
  expect(await slowDown(1, 86_400_000)).toBeLessThanOrEqual(300_000);
});

test('pauses double while there is no answer, and answers restore the rate', async () => {
  const pool = database.connect();
  const slowDown = () => storeOf(0).slowDown(place('doubling'), { retryAfterMs: null, requestsPerSecond: 100 });
  const endPause = () => pool.query("update bucket_budgets set paused_until_ms = 0 where bucket_name = 'doubling'");
  const reserve = (answers: number) =>
    storeOf(1).reserve(place('doubling'), { turns: 1, answers, requestsPerSecond: 100 });
  const pauses: number[] = [];
  for (let slowdown = 0; slowdown < 4; slowdown += 1) {
    pauses.push(Math.round((await slowDown()) / 100) * 100);
    await endPause();
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect((await reserve(0)).requestsPerSecond).toBe(6.25);
  expect((await reserve(10)).requestsPerSecond).toBe(16.25);
  expect(Math.round((await slowDown()) / 100) * 100).toBe(1_000);
  await endPause();
  expect((await reserve(1_000)).requestsPerSecond).toBe(100);
});

test('a lower rate in the configuration applies at once', async () => {
  const reserve = (requestsPerSecond: number) =>
    storeOf(0).reserve(place('lower'), { turns: 1, answers: 0, requestsPerSecond });
  await reserve(100);
  expect((await reserve(10)).requestsPerSecond).toBe(10);
});

test('a bucket continues at once after the clock of the database was set back by an hour', async () => {
  const pool = database.connect();
  const asked = { turns: 1, answers: 0, requestsPerSecond: 100 };
  const setBack = (column: string) =>
    pool.query(`update bucket_budgets set ${column} = ${column} + 3600000 where bucket_name = 'set back'`);
  await storeOf(0).reserve(place('set back'), asked);
  await setBack('next_at_ms');
  const { startsAtMs, nowMs } = await storeOf(1).reserve(place('set back'), asked);
  expect(startsAtMs - nowMs).toBeLessThan(100);
  const slowDown = () => storeOf(0).slowDown(place('set back'), { retryAfterMs: null, requestsPerSecond: 100 });
  await slowDown();
  await setBack('paused_until_ms');
  expect((await storeOf(1).reserve(place('set back'), asked)).pausedForMs).toBeLessThan(0);
  await slowDown();
  await setBack('paused_until_ms');
  expect(await slowDown()).toBeLessThanOrEqual(4_000);
});
