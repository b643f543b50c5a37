import { expect, test } from 'vitest';
import { rateOf, type Sample, secondsLeft, withSample } from './progress-rate.ts';

function samples(...each: readonly (readonly [seconds: number, objects: number])[]): readonly Sample[] {
  return each.reduce<readonly Sample[]>(
    (before, [seconds, objects]) => withSample(before, { atMs: seconds * 1000, counts: { objects } }),
    [],
  );
}

test('a rate is measured over the last 30 seconds', () => {
  const slowThenFast = samples([0, 0], [40, 40], [50, 1040], [60, 2040]);
  expect(rateOf(slowThenFast, 'objects')).toBe(100);
});

test.each([
  ['before the first sample', samples()],
  ['with one sample', samples([0, 10])],
  ['within a moment', samples([0, 10], [2, 5000])],
  ['while nothing moves', samples([0, 10], [10, 10])],
  ['right after another attempt began', samples([0, 900], [10, 1000], [20, 5])],
])('no rate is shown %s', (_, taken) => {
  expect(rateOf(taken, 'objects')).toBeNull();
});

test('an unknown count has no rate', () => {
  expect(rateOf(samples([0, 1], [10, 11]), 'bytes')).toBeNull();
});

test('the same answer read twice counts once', () => {
  const once = samples([0, 1], [5, 6]);
  expect(withSample(once, { atMs: 5000, counts: { objects: 7 } })).toBe(once);
});

test.each([
  [10, 100, 600, 50],
  [null, 100, 600, null],
  // More than the total was read: the total was an estimate.
  [10, 700, 600, null],
  [0.000_01, 0, 1_000_000, null],
])('at %s a second, %d of %d leave %s seconds', (rate, done, total, left) => {
  expect(secondsLeft(rate, done, total)).toBe(left);
});
