import type { PlanClass, PlannedItem } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { noTotals, sortedRows, withAnswer } from './plan-totals.ts';

const item = (id: string, planned: PlanClass): PlannedItem => ({
  backup_id: id,
  class: planned,
  outcome: 'none',
  message: '',
  level: null,
  ceiling: null,
  gaps: [],
  reason: null,
});
const requests = { lists: 1, gets: 2, bytes_read: 30 };

test('answers add up, and one unknown time makes the whole time unknown', () => {
  const one = withAnswer(noTotals, { plan: [item('a', 'new')], forecast: { ...requests, seconds: 1.5 }, requests });
  expect(one.forecast.seconds).toBe(1.5);
  const both = withAnswer(one, {
    plan: [item('b', 'new'), item('c', 'broken')],
    forecast: { ...requests, seconds: null },
    requests,
  });
  expect(both).toEqual({
    planned: 3,
    classes: { new: 2, broken: 1 },
    forecast: { lists: 2, gets: 4, bytes_read: 60, seconds: null },
  });
});

test('the worst comes first, then the order of the list', () => {
  const planned = [item('a', 'same'), item('b', 'new'), item('c', 'broken'), item('d', 'new')];
  expect(sortedRows(planned, undefined).map(({ index }) => index)).toEqual([2, 1, 3, 0]);
  expect(sortedRows(planned, 'new').map(({ index }) => index)).toEqual([1, 3]);
});
