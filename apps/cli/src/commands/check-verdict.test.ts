import type { TakenAtSource } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { judge } from './check-verdict.ts';
import { pluginLabel } from './plugin-output.ts';

const hour = 3600;
const proved = (ageS: number | null, name = 'vm', source: TakenAtSource = 'format') => ({
  resource_id: `id-${name}`,
  resource_name: name,
  newest_proved_age_s: ageS,
  newest_proved_at_source: ageS === null ? null : source,
  retired_at: null,
});
const retired = (name: string) => ({ ...proved(999 * hour, name), retired_at: '2026-03-01T00:00:00.000000' });
const limits = { warning: null, critical: 26 * hour, minLevel: 'linkage', acceptsCeiling: false, exclude: [] } as const;

test.each([
  [[], 'CRITICAL', 'no backup of any resource is recorded'],
  [[proved(hour)], 'OK', '1 resource has a backup proved to linkage within 26 h; maximum age 60 min'],
  [
    [proved(hour, 'a'), proved(26 * hour, 'b')],
    'OK',
    '2 resources have a backup proved to linkage within 26 h; maximum age 26 h',
  ],
  [
    [proved(60, 'a'), proved(26 * hour + 1, 'b'), proved(null, 'c'), proved(30 * hour, 'd')],
    'CRITICAL',
    '3 of 4 resources have no backup proved to linkage within 26 h: c (no proved backup), d (30 h old), b (26 h old); 1 OK',
  ],
  [
    [proved(60, 'a'), proved(26 * hour, 'b', 'object')],
    'OK',
    '2 resources have a backup proved to linkage within 26 h; maximum age ~26 h',
  ],
  [
    [proved(26 * hour + 1, 'b', 'object')],
    'CRITICAL',
    '1 of 1 resource has no backup proved to linkage within 26 h: b (~26 h old)',
  ],
  [
    [proved(hour, 'a'), retired('gone')],
    'OK',
    '1 resource has a backup proved to linkage within 26 h; maximum age 60 min; 1 retired',
  ],
  [[retired('gone')], 'OK', 'no resource is left to check; 1 retired'],
  [
    [proved(null, 'db|prod\nOK: all is well'), proved(null, '')],
    'CRITICAL',
    '2 of 2 resources have no backup proved to linkage within 26 h: db¦prod OK: all is well (no proved backup), id- (no proved backup)',
  ],
] as const)('%j is %s: %s', (resources, state, message) => {
  expect(judge(resources, limits)).toMatchObject({ state, message });
});

test('a verdict that accepts ceilings says so', () => {
  const { message } = judge([proved(hour)], { ...limits, acceptsCeiling: true });
  expect(message).toBe('1 resource has a backup proved to linkage or its ceiling within 26 h; maximum age 60 min');
});

test('a resource warns before it is critical, and is named after the critical ones', () => {
  const aging = { ...limits, warning: 20 * hour };
  const [old, ageing, fresh] = [proved(27 * hour, 'old'), proved(21 * hour, 'ageing'), proved(20 * hour, 'fresh')];
  expect(judge([fresh, ageing], aging)).toMatchObject({
    state: 'WARNING',
    message: '1 of 2 resources has no backup proved to linkage within 20 h: ageing (21 h old); 1 OK',
  });
  expect(judge([ageing, fresh, old], aging)).toMatchObject({
    state: 'CRITICAL',
    message:
      '1 of 3 resources has no backup proved to linkage within 26 h: old (27 h old); ' +
      '1 of 3 resources has no backup proved to linkage within 20 h: ageing (21 h old); 1 OK',
  });
});

test('a resource is excluded by its id or full name, and a name that matches nothing is reported', () => {
  const resources = [proved(null, 'a'), proved(null, 'ab'), proved(hour, 'c')];
  const some = judge(resources, { ...limits, exclude: ['id-a', 'ab', 'typo'] });
  expect(some.state).toBe('OK');
  expect(some.message).toMatch(/; 2 excluded, no resource to exclude is called "typo"$/);
  expect(some.states.map(({ resource }) => resource.resource_name)).toEqual(['c']);
  const inOtherForm = judge([proved(hour, 'Su\u0308d')], { ...limits, exclude: ['S\u00fcd'] });
  expect(inOtherForm.message).toMatch(
    /called "S\u00fcd" \(a resource has this name in another Unicode normalisation\)$/,
  );
  const none = judge(resources, { ...limits, exclude: ['a', 'ab', 'c'] });
  expect(none).toMatchObject({ state: 'UNKNOWN', message: 'no resource is left to check; 3 excluded' });
});

test('only some of many late resources are named, and more of them have their ages shown', () => {
  const { message, performance } = judge(
    Array.from({ length: 100 }, (_, index) => proved(100 * hour + index, `vm-${index}`)),
    limits,
  );
  expect(message).toMatch(/^100 of 100 resources .*: vm-99 \(4 d old\), .*vm-95 \(4 d old\), and 95 more$/);
  const ages = performance.filter(({ label }) => label.startsWith('vm-'));
  expect(ages.map(({ label }) => label)).toEqual(Array.from({ length: 20 }, (_, index) => `vm-${99 - index}`));
});

test('two figures never have the same label', () => {
  const twins = [proved(1, 'oldest'), proved(2, 'twin'), { ...proved(3, 'twin'), resource_id: 'other' }];
  const labels = judge(twins, limits).performance.map(({ label }) => label);
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels).toContain('oldest (id-oldest)');
});

test('a figure keeps its label whichever resource is the oldest, however long the names', () => {
  const long = 'a name that is so long that a monitor is given its beginning alone: ';
  const checked = ['twin', 'twin', `${long}1`, `${long}2`, "it's", 'it=s', 'alone'].map((name, index) => ({
    ...proved(index + 1, name),
    resource_id: `id-${index}`,
  }));
  const labelsOf = (resources: readonly (typeof checked)[number][]) =>
    judge(resources, limits)
      .performance.slice(5)
      .map(({ label, value }) => [value, pluginLabel(label)]);
  const labels = labelsOf(checked);
  expect(new Set(labels.map(([, label]) => label)).size).toBe(checked.length);
  expect(labels).toContainEqual([7, 'alone']);
  const turned = labelsOf(
    checked.map((each) => ({ ...each, newest_proved_age_s: 8 - (each.newest_proved_age_s ?? 0) })),
  );
  expect(new Map(turned.map(([age, label]) => [8 - Number(age), label]))).toEqual(
    new Map(labels.map(([age, label]) => [Number(age), label])),
  );
});

test.each([
  [90, '90 s'],
  [100 * hour, '100 h'],
  [7 * 24 * hour, '7 d'],
])('a limit of %i s is shown as %s, not rounded', (critical, text) => {
  const late = judge([proved(critical + 1)], { ...limits, critical });
  expect(late).toMatchObject({ state: 'CRITICAL', message: expect.stringContaining(`within ${text}: `) });
});
