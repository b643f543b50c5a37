import type { HoldCause } from '@backup-sync/contracts';
import type { ClosedListing } from '../catalogue/source-records.ts';

/** Facts about a run of a source when its listing has ended. */
export type RunFacts = ClosedListing & {
  /** Backups that this run has seen. */
  readonly seen: number;
  /** From 0 to 1. */
  readonly removalShare: number;
  /** The source was already held when the listing ended. */
  readonly isHeld: boolean;
  /** This run was started by confirming the held removals. */
  readonly isConfirmed: boolean;
};

/**
 * What to do about backups that are no longer listed:
 * - `none`: mark nothing;
 * - `mark`: mark those that are due, after looking for each directly;
 * - `mark_confirmed`: of those, mark the ones in the confirmed list, however many;
 * - `hold`: mark nothing, and hold the source until someone confirms;
 * - `release`: mark nothing, and end the hold, since nothing is left to confirm.
 */
export type RemovalDecision =
  | { readonly kind: 'none' | 'mark' | 'mark_confirmed' | 'release' }
  | { readonly kind: 'hold'; readonly cause: HoldCause };

/**
 * The brake on mass removal: decides about the backups that a listing did not show. Pure. Call it only after a complete
 * listing that began after the previous run was recorded: absences of incomplete listings are never counted.
 *
 * If there are records and the listing shows none, the source is held immediately: an unmounted disk, a wrong prefix
 * and a lost permission look like this. Otherwise nothing is marked before two complete listings in a row have missed
 * it. All backups this listing missed count against the share, due or not: a listing that has lost many is not trusted
 * about a few. One backup of several may always go, or a small source would be held at each removal.
 *
 * A hold ends by itself when all backups in its list are back. While a part is missing, nobody knows whether it was
 * removed on purpose. The next run decides about backups that went missing later, as if there had been no hold.
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
