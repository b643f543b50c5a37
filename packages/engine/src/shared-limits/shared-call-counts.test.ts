import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLimitsDatabase } from '../testing/limits-database.ts';
import { PostgresCallCounts } from './shared-call-counts.ts';

let database: Awaited<ReturnType<typeof openLimitsDatabase>>;
beforeAll(async () => {
  database = await openLimitsDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** One call in 1,000 seconds after a burst of ten: no call is paid for while the test runs. */
const rate = { perSecond: 0.001, burst: 10 };

test('wanted calls are admitted up to the burst, whichever node asks, and other limits are separate', async () => {
  const [one, other] = [new PostgresCallCounts(database.connect()), new PostgresCallCounts(database.connect())];
  const ask = (node: PostgresCallCounts, caller: string, wanted: number, made = 0) =>
    node.count('calls', rate, [{ caller, made, wanted }]);
  expect(await ask(one, 'ada', 4)).toMatchObject([{ admitted: 4 }]);
  expect(await ask(other, 'ada', 4)).toMatchObject([{ admitted: 4 }]);
  expect(await ask(one, 'ada', 4)).toMatchObject([{ admitted: 2 }]);
  const [refused] = await ask(other, 'ada', 1);
  expect(refused?.admitted).toBe(0);
  expect(refused?.aheadMs).toBeCloseTo(10_000_000, -5);
  expect(await ask(other, 'bob', 1)).toMatchObject([{ admitted: 1 }]);
  expect(await other.count('others', rate, [{ caller: 'ada', made: 0, wanted: 1 }])).toMatchObject([{ admitted: 1 }]);
});

test('calls that were made count in any case, and calls that are taken back are admitted again', async () => {
  const counts = new PostgresCallCounts(database.connect());
  const ask = (made: number, wanted: number) => counts.count('calls', rate, [{ caller: 'carol', made, wanted }]);
  expect(await ask(8, 5)).toMatchObject([{ admitted: 2 }]);
  expect(await ask(3, 5)).toMatchObject([{ admitted: 0 }]);
  expect(await ask(-4, 5)).toMatchObject([{ admitted: 1 }]);
});

test('many callers are counted at once, from many nodes at the same time', async () => {
  const callers = Array.from({ length: 50 }, (_, index) => ({ caller: `caller-${index}`, made: 0, wanted: 4 }));
  const orders = [callers, callers.toReversed(), callers, callers.toReversed()];
  const nodes = orders.map((order) => ({ order, counts: new PostgresCallCounts(database.connect()) }));
  const answers = await Promise.all(nodes.map(({ order, counts }) => counts.count('many', rate, order)));
  const admitted = answers.flat().reduce((sum, answer) => sum + answer.admitted, 0);
  expect(admitted).toBe(50 * 10);
});

test('callers that are paid for are removed', async () => {
  const pool = database.connect();
  const counts = new PostgresCallCounts(pool);
  await pool.query('truncate call_limits');
  await counts.count('calls', rate, [{ caller: 'dave', made: 0, wanted: 1 }]);
  await pool.query("insert into call_limits values ('paid', 1000, 1, 0)");
  await counts.clear();
  expect((await pool.query('select 1 from call_limits')).rowCount).toBe(1);
});

test('a caller is not refused for an hour after the clock of the database was set back by one', async () => {
  const pool = database.connect();
  const counts = new PostgresCallCounts(pool);
  const usual = { perSecond: 10, burst: 20 };
  const ask = (wanted: number) => counts.count('usual', usual, [{ caller: 'eve', made: 0, wanted }]);
  await pool.query('truncate call_limits');
  await ask(1);
  await pool.query('update call_limits set paid_at_ms = paid_at_ms + 3600000');
  const [refused] = await ask(1);
  expect(refused?.admitted).toBe(0);
  expect(refused?.aheadMs).toBeLessThanOrEqual(20_000);
});
