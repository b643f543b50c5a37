import type { TakenAtSource } from '@backup-sync/contracts';
import type { Examination, FormatTime } from '../chain/proof/link.ts';
import { timeToleranceMs } from '../clock.ts';

const hourMs = 60 * 60 * 1000;
/** No zone is further from UTC. */
const zoneHoursMax = 14;
/** The newest time of the wire: the end of the year 9999. */
const wireTimeMaxMs = Date.UTC(10_000, 0, 1) - 1;

/** When a backup was made, the source of that time, and the times that contradict it. */
export type TakenAt = {
  readonly takenAtMs: number;
  readonly takenAtSource: TakenAtSource;
  /** Which times contradict each other and what to do; null if they agree. */
  readonly timeContradiction: string | null;
};

/** Whether a time is in the future by more than clocks may differ. */
export function isInFuture(timeMs: number, nowMs: number): boolean {
  return timeMs > nowMs + timeToleranceMs;
}

/** Seconds since a backup was made. Null if that time is in the future, since the age is then unknown. */
export function ageSecondsOf(takenAtMs: number, nowMs: number): number | null {
  return isInFuture(takenAtMs, nowMs) ? null : Math.max(0, Math.floor((nowMs - takenAtMs) / 1000));
}

/**
 * Decides when a backup was made. Pure.
 *
 * The format's own time counts. If there is none, or it is in the future, the earlier of two times counts: the
 * request's and the newest object's. The text of a contradiction does not depend on the present time, so that it stays
 * the same from sync to sync.
 */
export function judgeTakenAt(
  requestedAtS: number,
  { listing, formatTime, parentFormatTime }: Pick<Examination, 'listing' | 'formatTime' | 'parentFormatTime'>,
  nowMs: number,
): TakenAt {
  const requestMs = requestedAtS * 1000;
  const { newestObjectAtMs: objectMs } = listing;
  const written = formatTime !== null && isOnTheWire(formatTime.atMs) ? formatTime : null;
  const formatMs = written === null ? null : placeInZone(written, objectMs);
  const taken = choose(requestMs, objectMs, formatMs, nowMs);

  const found: string[] = [];
  const object = objectMs === null ? '' : `, but its newest object was written at ${text(objectMs)}`;
  const isLate = (timeMs: number) => objectMs !== null && timeMs > objectMs + timeToleranceMs;
  const requestAgrees = written === null || agree({ atMs: requestMs, hasZone: true }, written);
  if (written !== null && !requestAgrees) {
    found.push(
      `The request says ${text(requestMs)}, but the backup's metadata says ${text(written.atMs)}. ${fixRequest}`,
    );
  }
  if (formatMs !== null && isInFuture(formatMs, nowMs)) {
    found.push(`The backup's metadata says ${text(formatMs)}, which is in the future${object}. ${fixClock}`);
  } else if (formatMs !== null && isLate(formatMs)) {
    found.push(`The backup's metadata says ${text(formatMs)}${object}. ${fixClock}`);
  } else if (requestAgrees && isInFuture(requestMs, nowMs)) {
    found.push(`The request says ${text(requestMs)}, which is in the future${object}. ${fixRequest}`);
  } else if (formatMs === null && isLate(requestMs)) {
    found.push(`The request says ${text(requestMs)}${object}. ${fixRequest}`);
  }
  const child = written ?? { atMs: taken.takenAtMs, hasZone: true };
  if (parentFormatTime !== null && parentFormatTime.atMs > child.atMs && !agree(parentFormatTime, child)) {
    const parent = text(parentFormatTime.atMs);
    found.push(`Its parent was made later: the parent says ${parent}, this backup ${text(child.atMs)}. ${fixClock}`);
  }
  if (found.length === 0) return { ...taken, timeContradiction: null };
  found.push(
    isInFuture(taken.takenAtMs, nowMs)
      ? 'None of its times can be right, so it does not count as a new backup.'
      : `Its age is judged by ${sourceNames[taken.takenAtSource]}: ${text(taken.takenAtMs)}.`,
  );
  return { ...taken, timeContradiction: found.join(' ') };
}

const fixRequest = 'Correct created_at in the request.';
const fixClock = 'Check the clock of the machine that made the backup.';
const sourceNames = {
  format: 'its metadata',
  object: 'its newest object',
  request: 'the request',
} as const satisfies Record<TakenAtSource, string>;

function choose(requestMs: number, objectMs: number | null, formatMs: number | null, nowMs: number) {
  if (formatMs !== null && !isInFuture(formatMs, nowMs)) {
    return { takenAtMs: formatMs, takenAtSource: 'format' } as const;
  }
  // Requests have whole seconds: a request made from the object's time does not count as earlier.
  if (objectMs !== null && isOnTheWire(objectMs) && Math.floor(objectMs / 1000) * 1000 <= requestMs) {
    return { takenAtMs: objectMs, takenAtSource: 'object' } as const;
  }
  return { takenAtMs: requestMs, takenAtSource: 'request' } as const;
}

/** Whether the API can express a time. Programs without a time write the year 1; no backup is older than 1970. */
function isOnTheWire(timeMs: number): boolean {
  return timeMs >= 0 && timeMs <= wireTimeMaxMs;
}

/**
 * Reads a time without a zone as UTC. If it is later than the newest object by no more than a zone can differ, it was
 * local time: it is moved back by the smallest number of whole hours that makes it no later.
 */
function placeInZone({ atMs, hasZone }: FormatTime, objectMs: number | null): number {
  if (hasZone || objectMs === null) return atMs;
  const hours = Math.ceil((atMs - objectMs - timeToleranceMs) / hourMs);
  return hours > 0 && hours <= zoneHoursMax ? atMs - hours * hourMs : atMs;
}

/** Whether two times agree within the tolerance. If one has no zone, they may also differ by whole hours of a zone. */
function agree(one: FormatTime, other: FormatTime): boolean {
  const differenceMs = Math.abs(one.atMs - other.atMs);
  if (differenceMs <= timeToleranceMs) return true;
  if (one.hasZone && other.hasZone) return false;
  const hours = Math.round(differenceMs / hourMs);
  return hours <= zoneHoursMax && Math.abs(differenceMs - hours * hourMs) <= timeToleranceMs;
}

/** Formats a time as `2026-03-01 02:00:00 UTC`. */
function text(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
