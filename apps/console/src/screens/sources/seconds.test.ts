import { expect, test } from 'vitest';
import { inSeconds, inUnit } from './seconds.ts';

test.each([
  [null, '', 'hours'],
  [0, '0', 'hours'],
  [60, '1', 'minutes'],
  [90, '90', 'seconds'],
  [3_600, '1', 'hours'],
  [5_400, '90', 'minutes'],
  [172_800, '2', 'days'],
] as const)('%s seconds are shown as "%s" %s, and are read as the same again', (seconds, amount, unit) => {
  expect(inUnit(seconds, 'hours')).toEqual({ amount, unit });
  expect(inSeconds(amount, unit)).toBe(seconds);
});

test('a fraction of a unit is a number of seconds', () => {
  expect(inSeconds('1.5', 'hours')).toBe(5_400);
  expect(inSeconds('0.1', 'hours')).toBe(360);
});
