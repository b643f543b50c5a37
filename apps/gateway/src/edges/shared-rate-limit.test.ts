import type { CallRate } from '@backup-sync/engine';
import { openLimitsDatabase } from '@backup-sync/engine/limits-database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SharedRateLimit } from './shared-rate-limit.ts';

let database: Awaited<ReturnType<typeof openLimitsDatabase>>;
beforeAll(async () => {
  database = await openLimitsDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

let limits = 0;
/** Opens a new limit at several nodes. */
function openNodes(rate: CallRate, count = 2) {
  limits += 1;
  return Array.from({ length: count }, () => {
    const pool = database.connect();
    const limit = new SharedRateLimit(`limit-${limits}`, rate, () => performance.now(), {
      counts: database.callCounts(pool),
      liveNodes: () => count,
    });
    return { pool, limit };
  });
}

/** Calls again and again at all nodes at the same time. Returns how many calls were admitted. */
async function callAll(nodes: ReturnType<typeof openNodes>, eachNode: number, callsOfEach = 1): Promise<number> {
  const waits = nodes.map(async ({ limit }) => {
    let admitted = 0;
    for (let call = 0; call < eachNode; call += 1) if ((await limit.take('ada', callsOfEach)) === 0) admitted += 1;
    return admitted;
  });
  return (await Promise.all(waits)).reduce((sum, admitted) => sum + admitted, 0);
}

/** So slow that no call is paid for while a test runs. */
const onlyBurst = (burst: number): CallRate => ({ perSecond: 0.001, burst });

describe('a limit of calls over all nodes', () => {
  test.each([1, 5, 100, 2_000])('with a burst of %d admits no more at all nodes together', async (burst) => {
    for (const count of [2, 5]) {
      const admitted = await callAll(openNodes(onlyBurst(burst), count), burst + 10);
      expect(admitted).toBeLessThanOrEqual(burst);
      expect(admitted).toBeGreaterThanOrEqual(Math.floor(burst * 0.9));
    }
  });

  test('admits calls in parallel, and batches, up to the same limit', async () => {
    const nodes = openNodes(onlyBurst(100));
    const waits = await Promise.all(
      nodes.flatMap(({ limit }) => Array.from({ length: 20 }, () => limit.take('ada', 7))),
    );
    const admitted = waits.filter((waitMs) => waitMs === 0).length * 7;
    expect(admitted).toBeLessThanOrEqual(100);
    expect(admitted).toBeGreaterThan(80);
    // What was too little for a batch is left for single calls.
    expect(admitted + (await callAll(nodes, 20))).toBeGreaterThanOrEqual(90);
  });

  test('tells how long to wait, and then admits calls at its rate', async () => {
    const nodes = openNodes({ perSecond: 200, burst: 20 });
    const fromMs = performance.now();
    let admitted = 0;
    while (performance.now() - fromMs < 1_000) {
      for (const { limit } of nodes) if ((await limit.take('ada')) === 0) admitted += 1;
      await new Promise(setImmediate);
    }
    const passedS = (performance.now() - fromMs) / 1000;
    expect(admitted).toBeLessThanOrEqual(20 + 200 * passedS + 1);
    expect(admitted).toBeGreaterThan(100 * passedS);
    const waits = await Promise.all(Array.from({ length: 30 }, () => nodes[0]?.limit.take('ada')));
    expect(Math.max(...waits.map(Number))).toBeGreaterThan(0);
    expect(Math.max(...waits.map(Number))).toBeLessThan(100);
  });

  test('admits again what one node takes back', async () => {
    const nodes = openNodes(onlyBurst(10));
    const [first] = nodes;
    await callAll(nodes, 20);
    for (let call = 0; call < 4; call += 1) first?.limit.giveBack('ada');
    expect(await first?.limit.take('ada', 3)).toBe(0);
    expect(await first?.limit.take('ada', 3)).toBeGreaterThan(0);
  });

  test('has none for callers without a limit', () => {
    const [node] = openNodes({ perSecond: Infinity, burst: Infinity });
    expect(node?.limit.take('ada')).toBe(0);
  });
});

test('without PostgreSQL, each node limits its own calls', async () => {
  const nodes = openNodes(onlyBurst(100));
  for (const { pool } of nodes) await pool.end();
  const admitted = await callAll(nodes, 200);
  expect(admitted).toBeGreaterThanOrEqual(2 * 90);
  expect(admitted).toBeLessThanOrEqual(2 * 100);
});
