import type { OperationDay } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { calendarOf, dateByKey, dayOf, daysLater, firstDate, weeksMax } from './run-calendar.ts';

// A Wednesday.
const today = '2026-03-04';

const count = (date: string, status: OperationDay['status'], operations: number): OperationDay => ({
  date,
  kind: 'import',
  status,
  operations,
});

test('weeks begin on Monday, and the last one ends today', () => {
  const weeks = calendarOf([], today, 2);
  expect(weeks.map((days) => [days[0]?.date, days.at(-1)?.date])).toEqual([
    ['2026-02-23', '2026-03-01'],
    ['2026-03-02', '2026-03-04'],
  ]);
});

test('a Sunday ends its week', () => {
  expect(firstDate('2026-03-01', 1)).toBe('2026-02-23');
});

test('one failure makes a day bad, whatever else succeeded', () => {
  const weeks = calendarOf(
    [count('2026-03-02', 'success', 40), count('2026-03-02', 'timeout', 1), count('2026-03-03', 'success', 2)],
    today,
    1,
  );
  expect(weeks[0]).toMatchObject([
    { date: '2026-03-02', worst: 'bad', ended: 41, failed: 1 },
    { date: '2026-03-03', worst: 'good', ended: 2, failed: 0 },
    { date: '2026-03-04', worst: null, ended: 0 },
  ]);
});

test('any day of half a year is found, however few weeks fit on the page', () => {
  const first = firstDate(today, weeksMax);
  expect(dayOf([count(first, 'success', 3)], first, today)).toMatchObject({ ended: 3, failed: 0 });
  expect(dayOf([], today, today)).toMatchObject({ ended: 0 });
  expect(dayOf([], daysLater(first, -1), today)).toBe(undefined);
  expect(dayOf([], daysLater(today, 1), today)).toBe(undefined);
});

test.each([
  ['ArrowLeft', '2026-02-25'],
  ['ArrowUp', '2026-03-03'],
  // Tomorrow is not in the calendar.
  ['ArrowDown', today],
  ['Home', '2026-02-02'],
  ['End', today],
  ['Enter', null],
])('the key %s leads from today to %s', (key, date) => {
  expect(dateByKey(key, today, '2026-02-02', today)).toBe(date);
});
