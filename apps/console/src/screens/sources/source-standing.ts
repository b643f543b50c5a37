import type { Source } from '@backup-sync/contracts';
import { millisecondsOf } from '../../words/amounts.ts';

/** How sources stand, worst first. */
const standings = ['held', 'failing', 'late', 'errors', 'empty', 'running', 'new', 'paused', 'fine'] as const;
export type SourceStanding = (typeof standings)[number];

/** Milliseconds after which a run that is due counts as late. A busy server starts runs later than to the second. */
const graceMs = 5 * 60 * 1000;
/** A source is late without a good run in so many of its intervals. */
const intervalsWithoutGoodRun = 2;

/** The standing of a source at a time. */
export function standingOf(source: Source, nowMs: number): SourceStanding {
  const { last_run: run } = source;
  if (source.held !== null) return 'held';
  if (run?.status === 'failed' || run?.status === 'timeout') return 'failing';
  if (isLate(source, nowMs)) return 'late';
  // The reason of a run that did not fail is that of a backup.
  if (run !== null && run.reason !== null) return 'errors';
  // How the run before it ended is not known any more.
  if (run !== null && run.ended_at === null) return 'running';
  if (source.paused) return 'paused';
  if (run === null) return 'new';
  return run.objects_listed === 0 ? 'empty' : 'fine';
}

function isLate(source: Source, nowMs: number): boolean {
  const { next_run_at: dueAt, interval_s: intervalS, last_run: run } = source;
  if (source.paused || dueAt === null || intervalS === null) return false;
  const isRunning = run !== null && run.ended_at === null;
  if (!isRunning && nowMs > millisecondsOf(dueAt) + graceMs) return true;
  const goodAt = millisecondsOf(source.last_good_sync_at ?? source.created_at);
  return nowMs > goodAt + intervalsWithoutGoodRun * intervalS * 1000 + graceMs;
}

/** The sources with how they stand, worst first; equals by name. */
export function worstFirst(
  sources: readonly Source[],
  nowMs: number,
): { readonly source: Source; readonly standing: SourceStanding }[] {
  return sources
    .map((source) => ({ source, standing: standingOf(source, nowMs) }))
    .sort(
      (one, other) =>
        standings.indexOf(one.standing) - standings.indexOf(other.standing) ||
        one.source.name.localeCompare(other.source.name, 'en'),
    );
}
