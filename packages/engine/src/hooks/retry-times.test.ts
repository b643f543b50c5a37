import { expect, test } from 'vitest';
import { waitAfterTry } from './retry-times.ts';

test('the tries of an event take three days, and then it is given up', () => {
  const waits = Array.from({ length: 10 }, (_, index) => waitAfterTry(index + 1, null, 0));
  const seconds = waits.map((wait) => (wait === null ? null : wait / 1000));
  expect(seconds).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400, null]);
});

test('a receiver can ask for a longer wait, and what failed together is spread out', () => {
  expect(waitAfterTry(1, 60_000, 0)).toBe(60_000);
  expect(waitAfterTry(2, 60_000, 0)).toBe(300_000);
  expect(waitAfterTry(1, null, 0.5)).toBeCloseTo(5_250);
});
