import { beforeEach, expect, test } from 'vitest';
import { TestClock } from '../testing/test-clock.ts';
import { DatabaseClock } from './database-clock.ts';

const startMs = Date.UTC(2026, 10, 23);
const minuteMs = 60_000;
let machine: TestClock;
let notices: string[];

beforeEach(() => {
  machine = new TestClock(startMs);
  notices = [];
});

const tell = (text: string) => void notices.push(text);

/** A database whose clock is ahead of the machine's, and whose answers take this long. */
function database(aheadMs: number, roundTripMs = 0) {
  return async () => {
    machine.timeMs += roundTripMs / 2;
    const answer = machine.nowMs() + aheadMs;
    machine.timeMs += roundTripMs / 2;
    return answer;
  };
}

test('the time is that of the database, less half of the round trip, and passes by the clock of this machine', async () => {
  const clock = await DatabaseClock.open(machine, database(2_000, 40), tell);
  expect(clock.nowMs()).toBe(machine.nowMs() + 2_000);
  machine.timeMs += minuteMs;
  expect(clock.nowMs()).toBe(machine.nowMs() + 2_000);
  expect(clock.machineAheadMs).toBe(-2_000);
  expect(notices).toEqual([]);
});

test('of the first readings, the quickest counts', async () => {
  const slow = async () => {
    const answer = machine.nowMs() + 5;
    machine.timeMs += 900;
    return answer;
  };
  const readings = [slow, database(5, 2), slow];
  const clock = await DatabaseClock.open(machine, () => readings.shift()?.() ?? Promise.reject(), tell);
  expect(clock.nowMs()).toBe(machine.nowMs() + 5);
});

test('the time has whole milliseconds, as it is stored', async () => {
  const clock = await DatabaseClock.open(machine, database(0.4, 0.5), tell);
  machine.timeMs += 0.7;
  expect(Number.isInteger(clock.nowMs())).toBe(true);
});

test('setting the clock of this machine changes nothing', async () => {
  const clock = await DatabaseClock.open(machine, database(0), tell);
  machine.step(60 * minuteMs);
  expect(clock.nowMs()).toBe(startMs);
});

test('a small correction never takes the time back; a clock of the database that was set does', async () => {
  const clock = await DatabaseClock.open(machine, database(500), tell);
  const shownMs = clock.nowMs();
  await clock.follow(database(0));
  expect(clock.nowMs()).toBe(shownMs);
  machine.timeMs += 501;
  expect(clock.nowMs()).toBe(shownMs + 1);
  await clock.follow(database(-10 * minuteMs));
  expect(clock.nowMs()).toBe(machine.nowMs() - 10 * minuteMs);
});

test('an answer that took long, or has no time, corrects nothing', async () => {
  const clock = await DatabaseClock.open(machine, database(0), tell);
  await clock.follow(database(10 * minuteMs, 1_100));
  expect(clock.nowMs()).toBe(machine.nowMs());
  expect(await clock.follow(async () => null)).toBeNull();
  expect(clock.nowMs()).toBe(machine.nowMs());
});

test.each([
  [-7 * minuteMs, 'The clock of this machine is 7 min ahead of the database’s'],
  [6_000, 'The clock of this machine is 6 s behind the database’s'],
])(
  'a machine whose clock is wrong gets one notice, until it is right again (database %d ms ahead)',
  async (aheadMs, said) => {
    const notice = `${said.replace('’', "'")}. The node uses the time of the database.`;
    const clock = await DatabaseClock.open(machine, database(aheadMs), tell);
    await clock.follow(database(aheadMs));
    expect(notices).toEqual([notice]);
    await clock.follow(database(4_000));
    await clock.follow(database(aheadMs));
    expect(notices).toEqual([notice, notice]);
  },
);
