import { expect, test } from 'vitest';
import { auditSearch, inOwnTime, inUtc } from './audit-search.ts';

test('the filters of an address are kept', () => {
  const search = {
    actor: 'anna',
    call: 'addSource',
    subject: '../<b>',
    outcome: 'refused',
    from: '2026-03-10T12:00:00Z',
    until: '2026-03-11T12:00:00Z',
    marker: 'an-id',
  };
  expect(auditSearch(search)).toEqual(search);
});

test('a name that looks like a number stays a name', () => {
  expect(auditSearch({ actor: 42 })).toEqual({ actor: '42' });
});

test.each([
  { outcome: 'toString' },
  { outcome: ['done'] },
  { from: 'yesterday' },
  { until: '2026-03-10' },
  { actor: '' },
  { call: 'a'.repeat(256) },
  { subject: { $ne: '' } },
  { marker: null },
  { other: 'x' },
])('%j is no filter', (search) => {
  expect(auditSearch(search)).toEqual({});
});

test('a time is entered in the zone of the reader and sent in UTC', () => {
  expect(inUtc(inOwnTime('2026-03-10T12:34:56Z'))).toBe('2026-03-10T12:34:56Z');
  expect(inUtc('2026-03-10T12:34')).toBe(`${new Date(2026, 2, 10, 12, 34).toISOString().slice(0, 19)}Z`);
});

test('no time is no filter', () => {
  expect([inUtc(''), inUtc('soon'), inOwnTime(undefined), inOwnTime('2026-99-99T00:00:00Z')]).toEqual([
    undefined,
    undefined,
    '',
    '',
  ]);
});
