import { expect, test } from 'vitest';
import { countedFailed } from './overview.ts';

test.each([
  [1, '1 backup'],
  [99, '99 backups'],
  [100, '100 or more backups'],
])('%i failed backups of a count that ends at 100 are %s', (count, words) => {
  expect(countedFailed(count)).toBe(words);
});
