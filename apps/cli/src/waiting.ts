import type { WaitingFor } from '@backup-sync/contracts';
import { counted } from '@backup-sync/contracts';
import { printable } from './printable.ts';

/**
 * `storage_unreachable since 2026-11-23 09:12:04 UTC, 3 attempts failed, next at 09:13:10 UTC: bucket-1: no answer`.
 */
export function describeWait({ reason, since, attempts, next_attempt_at: next }: WaitingFor): string {
  const failed = `${counted(attempts, 'attempt')} failed`;
  const when = next === null ? 'next immediately' : `next at ${next.slice(11, 19)} UTC`;
  const began = since.slice(0, 19).replace('T', ' ');
  return `${reason.code} since ${began} UTC, ${failed}, ${when}: ${printable(reason.message)}`;
}

/** Whether `next` is a different wait from the one reported before. */
export function isNews(next: WaitingFor | null, told: WaitingFor | null): next is WaitingFor {
  return next !== null && (next.since !== told?.since || next.reason.code !== told.reason.code);
}
