import type { TakenAtSource } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { judge } from './check.ts';

const proved = (ageS: number | null, resourceName = 'vm', ageSource: TakenAtSource = 'format') => ({
  resourceId: resourceName,
  resourceName,
  ageS,
  ageSource,
});
const wanted = { maxAge: 26 * 3600, minLevel: 'linkage' } as const;

test.each([
  [[], 'CRITICAL', 'no backup of any resource is recorded'],
  [[proved(3600)], 'OK', '1 resource has a backup proved to linkage within 26 h; the newest is 60 min old at most'],
  [
    [proved(3600, 'a'), proved(26 * 3600, 'b')],
    'OK',
    '2 resources have a backup proved to linkage within 26 h; the newest is 26 h old at most',
  ],
  [
    [proved(60, 'a'), proved(26 * 3600 + 1, 'b'), proved(null, 'c')],
    'CRITICAL',
    '2 of 3 resources have no backup proved to linkage within 26 h: b (26 h old), c (none)',
  ],
  [
    [proved(60, 'a'), proved(26 * 3600, 'b', 'object')],
    'OK',
    '2 resources have a backup proved to linkage within 26 h; the newest is ~26 h old at most',
  ],
  [
    [proved(26 * 3600 + 1, 'b', 'object')],
    'CRITICAL',
    '1 of 1 resource has no backup proved to linkage within 26 h: b (~26 h old)',
  ],
] as const)('%j is %s: %s', (states, state, message) => {
  expect(judge(states, wanted)).toEqual({ state, message });
});

test('of many late resources a few are named', () => {
  const { message } = judge(
    Array.from({ length: 100 }, (_, index) => proved(null, `vm-${index}`)),
    wanted,
  );
  expect(message).toMatch(/^100 of 100 resources .*: vm-0 \(none\), .*vm-4 \(none\), and 95 more$/);
});
