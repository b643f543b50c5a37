import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { describeGuessLimits, guessWrong, logIn } from '../identity/guess-limits-conformance.ts';
import { openLimitsDatabase } from '../testing/limits-database.ts';
import { SharedGuessLimits } from './shared-guess-limits.ts';

let database: Awaited<ReturnType<typeof openLimitsDatabase>>;
beforeAll(async () => {
  database = await openLimitsDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
afterEach(() => void vi.useRealTimers());

/** Opens the limits of one node. */
const openNode = () => new SharedGuessLimits(database.connect(), systemClock);

describe('limits of wrong passwords over all nodes', () =>
  describeGuessLimits(async () => {
    const pool = database.connect();
    await pool.query('truncate guess_limits');
    return {
      limits: new SharedGuessLimits(pool, systemClock),
      passMinutes: (minutes) => {
        const nowMs = Date.now();
        // The library reads only this clock. PostgreSQL and its client keep theirs.
        vi.useFakeTimers({ toFake: ['Date'], now: nowMs + minutes * 60_000 });
      },
      [Symbol.asyncDispose]: () => pool.end(),
    };
  }));

test('guesses at one node count at another, and so do logins', async () => {
  const [one, other] = [openNode(), openNode()];
  await guessWrong(one, 6, (guess) => ['carol', `10.1.0.${guess}`]);
  await guessWrong(other, 4, (guess) => ['carol', `10.1.1.${guess}`]);
  for (const node of [one, other]) {
    await expect(node.begin('carol', '10.1.2.1')).rejects.toMatchObject({ code: 'throttled' });
  }
  await logIn(one, 'dave', '10.1.3.1');
  await guessWrong(one, 10, (guess) => ['dave', `10.1.4.${guess}`]);
  await logIn(other, 'dave', '10.1.3.1');
});

test('guesses at two nodes at the same time do not evade the limit', async () => {
  const nodes = [openNode(), openNode()];
  const guesses = Array.from({ length: 40 }, (_, guess) => nodes[guess % 2]?.begin('erin', null));
  const tried = (await Promise.allSettled(guesses)).filter(({ status }) => status === 'fulfilled');
  expect(tried).toHaveLength(10);
});

test('a long user name is limited like any other', async () => {
  const name = 'x'.repeat(10_000);
  await guessWrong(openNode(), 10, () => [name, null]);
  await expect(openNode().begin(name, null)).rejects.toMatchObject({ code: 'throttled' });
});

test('without PostgreSQL, guesses are refused as unavailable, and a right password still logs in', async () => {
  const pool = database.connect();
  const guess = await new SharedGuessLimits(pool, systemClock).begin('frank', '10.2.0.1');
  await pool.end();
  await guess.wasRight();
  const away = new pg.Pool({ connectionString: 'postgres://127.0.0.1:1/nowhere' });
  const refused = new SharedGuessLimits(away, systemClock).begin('frank', '10.2.0.1');
  await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
});

test('counts that ended long ago are removed', async () => {
  const pool = database.connect();
  const limits = new SharedGuessLimits(pool, systemClock);
  await pool.query('truncate guess_limits');
  await limits.begin('grace', '10.3.0.1');
  await limits.clear();
  expect((await pool.query('select 1 from guess_limits')).rowCount).toBe(2);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 60 * 60_000 });
  await limits.clear();
  expect((await pool.query('select 1 from guess_limits')).rowCount).toBe(0);
});
