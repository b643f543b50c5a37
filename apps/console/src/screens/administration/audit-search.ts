import type { AuditOutcome } from '@backup-sync/contracts';

/** The filters of the screen, as the address has them. Times are in UTC, as the server reads them. */
export type AuditSearch = {
  readonly actor?: string;
  readonly call?: string;
  readonly subject?: string;
  readonly outcome?: AuditOutcome;
  readonly from?: string;
  readonly until?: string;
  /** Id of the last event of the page before. */
  readonly marker?: string;
};

const outcomes: Readonly<Record<AuditOutcome, true>> = { done: true, refused: true, failed: true, interrupted: true };
const utcTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** Characters that a name or id has at most. */
const textMost = 255;

/** Keeps what is a filter of an address. */
export function auditSearch(search: Readonly<Record<string, unknown>>): AuditSearch {
  const { actor, call, subject, outcome, from, until, marker } = search;
  return {
    ...(isText(actor) && { actor: String(actor) }),
    ...(isText(call) && { call: String(call) }),
    ...(isText(subject) && { subject: String(subject) }),
    ...(typeof outcome === 'string' && Object.hasOwn(outcomes, outcome) && { outcome: outcome as AuditOutcome }),
    ...(typeof from === 'string' && utcTime.test(from) && { from }),
    ...(typeof until === 'string' && utcTime.test(until) && { until }),
    ...(isText(marker) && { marker: String(marker) }),
  };
}

/** A router reads names like `42` and `true` in an address as a number and as a boolean. */
function isText(value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true;
  return typeof value === 'string' && value !== '' && value.length <= textMost;
}

/** A time of the filters for a field that takes the reader's own time. */
export function inOwnTime(utc: string | undefined): string {
  if (utc === undefined) return '';
  const time = new Date(utc);
  if (Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The reader's own time, as a field has it, for the filters; undefined if it is none. */
export function inUtc(own: string): string | undefined {
  const time = new Date(own);
  return own === '' || Number.isNaN(time.getTime()) ? undefined : `${time.toISOString().slice(0, 19)}Z`;
}
