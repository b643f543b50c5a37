import { expect, test } from 'vitest';
import { ageSecondsOf, judgeTakenAt } from './taken-at.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const madeMs = Date.UTC(2026, 2, 1, 2);
const nowMs = Date.UTC(2026, 10, 25);

/** All times except that of the format are `madeMs`, unless a case overrides them. */
function judge(times: {
  readonly requestMs?: number;
  readonly objectMs?: number | null;
  readonly formatMs?: number | null;
  readonly hasZone?: boolean;
  readonly parentMs?: number;
}) {
  const { requestMs = madeMs, objectMs = madeMs + minuteMs, formatMs = null, hasZone = true, parentMs } = times;
  return judgeTakenAt(
    requestMs / 1000,
    {
      listing: { digest: '', fingerprint: '', objectCount: 1, storedBytes: 1, newestObjectAtMs: objectMs },
      formatTime: formatMs === null ? null : { atMs: formatMs, hasZone },
      parentFormatTime: parentMs === undefined ? null : { atMs: parentMs, hasZone: true },
    },
    nowMs,
  );
}

const future = Date.UTC(2035, 0, 1);
const told = (text: string) => expect.stringContaining(text);

test.each([
  ['the format says so', { formatMs: madeMs }, madeMs, 'format', null],
  ['the request is up to 5 minutes off', { formatMs: madeMs - 5 * minuteMs }, madeMs - 5 * minuteMs, 'format', null],
  [
    'the request is further off',
    { formatMs: madeMs, requestMs: madeMs + 5 * minuteMs + 1000 },
    madeMs,
    'format',
    told("The request says 2026-03-01 02:05:01 UTC, but the backup's metadata says 2026-03-01 02:00:00 UTC."),
  ],
  [
    'the request is in the future',
    { formatMs: madeMs, requestMs: future },
    madeMs,
    'format',
    told('Correct created_at in the request. Its age is judged by its metadata: 2026-03-01 02:00:00 UTC.'),
  ],
  [
    'the format names no zone, and the request is whole hours off',
    { formatMs: madeMs, hasZone: false, requestMs: madeMs + 9 * hourMs },
    madeMs,
    'format',
    null,
  ],
  [
    'the format names a zone, and the request is whole hours off',
    { formatMs: madeMs, requestMs: madeMs + 9 * hourMs },
    madeMs,
    'format',
    told('The request says'),
  ],
  [
    'the format names no zone, and the request is more hours off than a zone can be',
    { formatMs: madeMs, hasZone: false, requestMs: madeMs + 15 * hourMs },
    madeMs,
    'format',
    told('The request says'),
  ],
  [
    'the local time of the format is later than the newest object',
    { formatMs: madeMs + 2 * hourMs, hasZone: false },
    madeMs,
    'format',
    null,
  ],
  [
    'the format is later than the newest object',
    { formatMs: madeMs, objectMs: madeMs - hourMs },
    madeMs,
    'format',
    told('metadata says 2026-03-01 02:00:00 UTC, but its newest object was written at 2026-03-01 01:00:00 UTC.'),
  ],
  [
    'the format is in the future',
    { formatMs: future, requestMs: future },
    madeMs + minuteMs,
    'object',
    told('which is in the future, but its newest object was written at 2026-03-01 02:01:00 UTC.'),
  ],
  ['there is only a request and a newer object', {}, madeMs, 'request', null],
  ['the request was made from the object', { objectMs: madeMs + 500 }, madeMs + 500, 'object', null],
  ['there is no object with a time', { objectMs: null }, madeMs, 'request', null],
  [
    'there is only a request, later than the newest object',
    { requestMs: madeMs + hourMs },
    madeMs + minuteMs,
    'object',
    told('Its age is judged by its newest object: 2026-03-01 02:01:00 UTC.'),
  ],
  [
    'every time is in the future',
    { requestMs: future, objectMs: future + hourMs },
    future,
    'request',
    told('None of its times can be right, so it does not count as a new backup.'),
  ],
  [
    'the parent was made later',
    { formatMs: madeMs, parentMs: madeMs + hourMs },
    madeMs,
    'format',
    told('the parent says 2026-03-01 03:00:00 UTC, this backup 2026-03-01 02:00:00 UTC.'),
  ],
  ['the parent was made before', { formatMs: madeMs, parentMs: madeMs - hourMs }, madeMs, 'format', null],
  ['the format has the time that means none', { formatMs: Date.UTC(1, 0, 1) }, madeMs, 'request', null],
] as const)('%s', (_, times, takenAtMs, takenAtSource, timeContradiction) => {
  expect(judge(times)).toEqual({ takenAtMs, takenAtSource, timeContradiction });
});

test('a backup dated in the future has no age, unless the clock is only a little fast', () => {
  expect(ageSecondsOf(nowMs - 1500, nowMs)).toBe(1);
  expect(ageSecondsOf(nowMs + 5 * minuteMs, nowMs)).toBe(0);
  expect(ageSecondsOf(nowMs + 5 * minuteMs + 1, nowMs)).toBeNull();
});
