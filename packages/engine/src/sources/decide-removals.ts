import type { HoldCause } from '@backup-sync/contracts';
import type { ClosedListing } from '../catalogue/source-records.ts';

/** What a run of a source knows when its listing has ended. */
export type RunFacts = ClosedListing & {
  /** Backups that this run has seen. */
  readonly seen: number;
  /** From 0 to 1. */
  readonly removalShare: number;
  /** Removals waited for someone when the run ended. */
  readonly isHeld: boolean;
  /** Someone confirmed them, and this run was started by that. */
  readonly isConfirmed: boolean;
};

/**
 * What becomes of backups that are no longer listed:
 * - `none`: nothing is marked;
 * - `mark`: those that are due are marked, each after it was looked for directly;
 * - `mark_confirmed`: of those, the ones in the list that was confirmed, however many;
 * - `hold`: nothing is marked, and someone is told;
 * - `release`: nothing is marked, and the hold ends, since nothing is left to confirm.
 */
export type RemovalDecision =
  | { readonly kind: 'none' | 'mark' | 'mark_confirmed' | 'release' }
  | { readonly kind: 'hold'; readonly cause: HoldCause };

/**
 * The brake on mass removal. Pure. It is asked only after a complete listing, which began after the run before was
 * recorded; absences of incomplete listings are never counted.
 *
 * A listing that shows nothing where there are records is held at once: that is how an unmounted disk, a wrong
 * prefix and a lost right look. Otherwise nothing is marked before two complete listings in a row have missed it. All
 * that this listing missed counts against the share, due or not: a listing that has lost many is not believed about a
 * few. One backup alone of several may always go, or a small source would be held at each removal.
 *
 * A hold ends by itself when all of its list is back. While a part is missing, nobody knows whether that was meant to go.
 * What went missing later is decided about by the next run, as if there had been no hold.
 */
export function decideRemovals(facts: RunFacts): RemovalDecision {
  if (facts.isConfirmed) return { kind: facts.heldDue > 0 ? 'mark_confirmed' : 'none' };
  if (facts.isHeld) return { kind: facts.held === 0 ? 'release' : 'none' };
  if (facts.absent === 0) return { kind: 'none' };
  if (facts.seen === 0) return { kind: 'hold', cause: 'empty_listing' };
  if (facts.due === 0) return { kind: 'none' };
  const mayGo = facts.absent === 1 || facts.absent < facts.removalShare * facts.records;
  return mayGo && facts.absent < facts.records ? { kind: 'mark' } : { kind: 'hold', cause: 'too_many' };
}
