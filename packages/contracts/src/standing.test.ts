import { expect, test } from 'vitest';
import { standingText } from './standing.ts';

const none = { resources: 0, unproved: 0, late: null, retired: 0, max_age_s: null };
const day = { max_age_s: 26 * 3600 };

test.each([
  [none, 'no backup of any resource is recorded'],
  [{ ...none, resources: 1, retired: 1 }, 'no resource is left to check; 1 retired'],
  [{ ...none, resources: 1 }, '1 resource has a backup proved to linkage'],
  [{ ...none, ...day, resources: 3, late: 0 }, '3 resources have a backup proved to linkage within 26 h'],
  [{ ...none, resources: 2500, unproved: 1 }, '1 of 2500 resources has no backup proved to linkage; 2499 OK'],
  [
    { ...none, ...day, resources: 5, unproved: 1, late: 2, retired: 1 },
    '2 of 4 resources have no backup proved to linkage within 26 h; 2 OK, 1 retired',
  ],
])('%j is said as: %s', (numbers, text) => {
  expect(standingText({ level: 'linkage', ...numbers })).toBe(text);
});
