import { expect, test } from 'vitest';
import { counted, grouped } from './counted.ts';

test('a noun agrees with its number', () => {
  expect([0, 1, 2, 1200].map((count) => counted(count, 'backup'))).toEqual([
    '0 backups',
    '1 backup',
    '2 backups',
    '1,200 backups',
  ]);
  expect([1, 2].map((count) => counted(count, 'resource has', 'resources have'))).toEqual([
    '1 resource has',
    '2 resources have',
  ]);
});

test('digits are grouped by three', () => {
  expect([1, 999, 1000, 1_234_567].map(grouped)).toEqual(['1', '999', '1,000', '1,234,567']);
});
