import { expect, test } from 'vitest';
import { toGigabytes, toMegabytes } from './vault.ts';

test('stored bytes are shown in MB, rounded up, at most the largest 32-bit integer', () => {
  expect(toMegabytes(0)).toBe(0);
  expect(toMegabytes(1)).toBe(1);
  expect(toMegabytes(3 * 2 ** 20)).toBe(3);
  expect(toMegabytes(3 * 2 ** 20 + 1)).toBe(4);
  expect(toMegabytes((2 ** 31 - 1) * 2 ** 20)).toBe(2 ** 31 - 1);
  expect(toMegabytes(2 ** 60)).toBe(2 ** 31 - 1);
  expect([toGigabytes(1), toGigabytes(2 ** 31), toGigabytes(2 ** 63)]).toEqual([1, 2, 2 ** 31 - 1]);
});
