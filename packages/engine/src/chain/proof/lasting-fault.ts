import { type ReasonCode, reasons } from '@backup-sync/contracts';

/** Reasons that lie in a parent, and not in the backup itself: they may be over once that is whole. */
export const reasonsOfParent: readonly ReasonCode[] = ['parent_missing', 'parent_broken', 'parent_ambiguous', 'cycle'];

/** Whether a fault is about the right or the means to read an object, and not about what it holds. */
export function isOfAccess(code: ReasonCode): boolean {
  return code === 'access_denied' || code === 'archived' || code === 'encrypted_customer_key';
}

/**
 * Whether a fault lies in what the listing shows, and so lasts as long as that. The right to read and the thawing of an
 * object do not show there, nor what the catalogue knows of a parent: they may have been mended since.
 */
export function isLasting(code: ReasonCode): boolean {
  return reasons[code].retry === 'final' && !isOfAccess(code) && code !== 'parent_ambiguous';
}
