import type { OperationDay } from '@backup-sync/contracts';

/** Maximum number of weeks in the calendar: half a year. */
export const weeksMax = 26;

const dayMs = 24 * 60 * 60 * 1000;
const daysInWeek = 7;

/** A day of the calendar, in UTC. */
export type RunDay = {
  /** `2026-03-01`. */
  readonly date: string;
  /** How the day went: bad if one operation failed, null if none ended. */
  readonly worst: 'good' | 'bad' | null;
  readonly ended: number;
  readonly failed: number;
  readonly counts: readonly OperationDay[];
};

/** The day of a time in milliseconds since 1970, in UTC. */
export function dateOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** The date so many days later. */
export function daysLater(date: string, days: number): string {
  return dateOf(Date.parse(date) + days * dayMs);
}

/** The Monday on which the calendar begins. Its last week is that of today. */
export function firstDate(today: string, weeks: number): string {
  const daysSinceMonday = (new Date(today).getUTCDay() + daysInWeek - 1) % daysInWeek;
  return daysLater(today, -daysSinceMonday - (weeks - 1) * daysInWeek);
}

/** The days of each week, from Monday. Days after today are left out. */
export function calendarOf(
  counts: readonly OperationDay[],
  today: string,
  weeks: number,
): readonly (readonly RunDay[])[] {
  const countsOf = Map.groupBy(counts, ({ date }) => date);
  const first = firstDate(today, weeks);
  return Array.from({ length: weeks }, (_week, week) =>
    Array.from({ length: daysInWeek }, (_day, day) => daysLater(first, week * daysInWeek + day))
      .filter((date) => date <= today)
      .map((date) => runDay(date, countsOf.get(date) ?? [])),
  );
}

/** What a day had; undefined if it is not in the calendar. */
export function dayOf(counts: readonly OperationDay[], date: string, today: string): RunDay | undefined {
  return calendarOf(counts, today, weeksMax)
    .flat()
    .find((each) => each.date === date);
}

function runDay(date: string, counts: readonly OperationDay[]): RunDay {
  let [ended, failed] = [0, 0];
  for (const { status, operations } of counts) {
    ended += operations;
    if (status !== 'success') failed += operations;
  }
  const worst = ended === 0 ? null : failed > 0 ? 'bad' : 'good';
  return { date, worst, ended, failed, counts };
}

const steps: Readonly<Record<string, number>> = {
  ArrowLeft: -daysInWeek,
  ArrowRight: daysInWeek,
  ArrowUp: -1,
  ArrowDown: 1,
};

/** The day that a key leads to; null for another key. It stays within the calendar. */
export function dateByKey(key: string, date: string, first: string, today: string): string | null {
  if (key === 'Home') return first;
  if (key === 'End') return today;
  const step = steps[key];
  if (step === undefined) return null;
  const next = daysLater(date, step);
  return next < first || next > today ? date : next;
}
