import { grouped, type Reason } from '@backup-sync/contracts';
import type { CbrOperationLog } from '@backup-sync/core';
import { formatSeconds } from './duration.ts';
import { printable } from './printable.ts';
import { remedyOnCommandLine } from './reason-remedies.ts';

/** Backups that are named for one reason, or for contradicting times; the others are only counted. */
const namedMax = 10;

type FailureGroup = {
  readonly reason: Pick<Reason, 'code' | 'number' | 'remedy'> | null;
  count: number;
  readonly lines: string[];
};

/** Counts the results of the operations of a sync. Its memory does not grow with their number. */
export class SyncTally {
  accepted = 0;
  ended = 0;
  failed = 0;
  readonly #outcomes = new Map<string, number>();
  readonly #failures = new Map<string, FailureGroup>();
  readonly #contradictions = { count: 0, lines: [] as string[] };

  add(log: CbrOperationLog): void {
    this.ended += 1;
    this.#addContradiction(log);
    if (log.status !== 'success') {
      this.failed += 1;
      this.#addFailure(log);
      return;
    }
    const outcome = log.backup_sync?.outcome ?? log.status;
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  /** `5 ended in 0.5 s: 4 created, 1 failed`. */
  summary(seconds: number): string {
    const counts = Array.from(this.#outcomes, ([outcome, count]) => `${grouped(count)} ${outcome}`);
    if (this.failed > 0) counts.push(`${grouped(this.failed)} failed`);
    const ended = `${grouped(this.ended)} ended in ${seconds.toFixed(1)} s`;
    return counts.length === 0 ? ended : `${ended}: ${counts.join(', ')}`;
  }

  /** The failures by reason, each with its remedy. Empty if nothing failed. */
  failures(): string {
    return Array.from(this.#failures, ([code, { reason, count, lines }]) => {
      const heading = reason === null ? code : `${reason.code} (${reason.number})`;
      const more = count > lines.length ? [`  and ${grouped(count - lines.length)} more`] : [];
      const remedy = reason === null ? [] : [`  What to do: ${remedyOnCommandLine(reason)}`];
      return [`${heading}: ${grouped(count)}`, ...lines, ...more, ...remedy].join('\n');
    }).join('\n');
  }

  /** The backups whose times contradict each other. Empty if there are none. */
  contradictions(): string {
    const { count, lines } = this.#contradictions;
    if (count === 0) return '';
    const more = count > lines.length ? [`  and ${grouped(count - lines.length)} more`] : [];
    return [`times contradict each other: ${grouped(count)}`, ...lines, ...more].join('\n');
  }

  #addContradiction(log: CbrOperationLog): void {
    const contradiction = log.backup_sync?.time_contradiction ?? null;
    if (contradiction === null) return;
    const { lines } = this.#contradictions;
    this.#contradictions.count += 1;
    if (lines.length < namedMax) lines.push(`  ${printable(nameOf(log))}: ${printable(contradiction)}`);
  }

  #addFailure(log: CbrOperationLog): void {
    const reason = log.backup_sync?.reason ?? null;
    const code = reason?.code ?? log.error_info?.code ?? log.status;
    const group = this.#failures.get(code) ?? { reason, count: 0, lines: [] };
    group.count += 1;
    if (group.lines.length < namedMax) group.lines.push(`  ${failureLine(log)}`);
    this.#failures.set(code, group);
  }
}

/** `mail-disk-full: an object that the metadata names is missing: …`. */
export function failureLine(log: CbrOperationLog): string {
  const why = log.backup_sync?.reason?.message ?? log.error_info?.message ?? log.status;
  return `${printable(nameOf(log))}: ${printable(why)}`;
}

export function nameOf(log: CbrOperationLog): string {
  const { backup, delete: deleted } = log.extra_info ?? {};
  return backup?.backup_name ?? deleted?.backup_name ?? log.id;
}

/**
 * The progress of a sync: `1,200 of 10,000 ended (12%), 56/s, about 3 min left, 3 failed`. `total` is null while the
 * input is still being read.
 */
export function progressLine(
  { accepted, ended, failed }: Pick<SyncTally, 'accepted' | 'ended' | 'failed'>,
  total: number | null,
  elapsedMs: number,
): string {
  const rate = elapsedMs > 0 ? (ended * 1000) / elapsedMs : 0;
  const parts = [
    total === null
      ? `${grouped(ended)} ended of ${grouped(accepted)} accepted`
      : `${grouped(ended)} of ${grouped(total)} ended${total === 0 ? '' : ` (${Math.floor((ended * 100) / total)}%)`}`,
  ];
  if (rate > 0) parts.push(`${rate < 10 ? rate.toFixed(1) : grouped(Math.round(rate))}/s`);
  if (rate > 0 && total !== null && ended < total) parts.push(`about ${formatSeconds((total - ended) / rate)} left`);
  if (failed > 0) parts.push(`${grouped(failed)} failed`);
  return parts.join(', ');
}
