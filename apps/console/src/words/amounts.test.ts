import { describe, expect, test } from 'vitest';
import { absoluteDate, bytes, counted, duration, millisecondsOf, relativeTime } from './amounts.ts';

const nowMs = Date.UTC(2026, 2, 10, 12);
const secondMs = 1000;
const hourMs = 60 * 60 * secondMs;

describe('relativeTime', () => {
  test.each([
    [0, 'just now'],
    [-30 * secondMs, '30 seconds ago'],
    [-59 * 60 * secondMs, '59 minutes ago'],
    [-47 * hourMs, '47 hours ago'],
    [-49 * hourMs, '2 days ago'],
    [-1000 * 24 * hourMs, '1,000 days ago'],
    [5 * 60 * secondMs, 'in 5 minutes'],
  ])('says %d ms as "%s"', (offsetMs, said) => {
    expect(relativeTime(nowMs + offsetMs, nowMs)).toBe(said);
  });
});

test('times of the API are in UTC, whatever the zone of the reader', () => {
  expect(millisecondsOf('2026-03-10T12:00:00.250999')).toBe(nowMs + 250);
});

test('a day has no time', () => {
  expect(absoluteDate(nowMs)).toBe('10 Mar 2026');
});

test.each([
  [0.25, '250 ms'],
  [59.6, '1 min'],
  [200, '3 min 20 s'],
  [2 * 60 * 60 + 300, '2 h 5 min'],
  [47 * 60 * 60, '47 h'],
  [76 * 60 * 60, '3 d 4 h'],
])('a duration of %d s is %s', (seconds, said) => {
  expect(duration(seconds)).toBe(said);
});

test('sizes are in binary units', () => {
  expect([0, 1023, 1024, 1.5 * 1024 ** 3].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 GiB']);
});

test('a number agrees with its noun', () => {
  expect([counted(1, 'backup'), counted(1200, 'backup'), counted(2, 'copy', 'copies')]).toEqual([
    '1 backup',
    '1,200 backups',
    '2 copies',
  ]);
});
