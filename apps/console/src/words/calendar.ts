import type { OperationKind } from '@backup-sync/contracts';
import { counted } from './amounts.ts';
import { operationKindWords } from './common.ts';

const longDay = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeZone: 'UTC' });
const shortMonth = new Intl.DateTimeFormat('en', { month: 'short', timeZone: 'UTC' });

function longDate(date: string): string {
  return longDay.format(Date.parse(date));
}

/** The calendar of runs. Its days are in UTC, as those of the API. */
export const calendar = {
  title: 'Operations by day',
  allGood: 'all succeeded',
  someBad: 'number that failed',
  sampleCount: '2',
  weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  weekOf: (date: string) => `Week of ${date}`,
  month: (month: string) => shortMonth.format(Date.parse(`${month}-01`)),
  longDate,
  dayLabel: (date: string, ended: number, failed: number) =>
    `${longDate(date)}: ${ended === 0 ? 'no operation ended' : `${counted(ended, 'operation')}, ${failed === 0 ? 'all succeeded' : `${counted(failed, 'failure')}`}`}`,
  failedMark: (failed: number) => (failed > 99 ? '99+' : String(failed)),
  panelTitle: (date: string) => `${longDate(date)}, in UTC`,
  nothing: 'No operation ended on this day.',
  outside: 'This day is not in the calendar.',
  dayCount: (kind: OperationKind, count: number) => counted(count, operationKindWords[kind]),
};
