import { expect, test } from 'vitest';
import { Draws } from './draws.ts';

test('the same seed gives the same draws, and another seed gives others', () => {
  const drawn = (seed: string) => {
    const draws = new Draws(seed);
    return [draws.integer(0, 1e6), draws.oneOf(['a', 'b', 'c']), ...draws.shuffled([1, 2, 3, 4, 5])];
  };
  expect(drawn('7-1')).toEqual(drawn('7-1'));
  expect(drawn('7-1')).not.toEqual(drawn('7-2'));
});

test('a draw is within its bounds, and a shuffled list has the same items', () => {
  const draws = new Draws('bounds');
  expect(new Set(Array.from({ length: 100 }, () => draws.integer(2, 4)))).toEqual(new Set([2, 3, 4]));
  expect(draws.shuffled([1, 2, 3, 4, 5]).toSorted()).toEqual([1, 2, 3, 4, 5]);
  expect(() => draws.oneOf([])).toThrow('nothing to draw from');
});
