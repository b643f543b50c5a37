import { type ReasonCode, reasons } from '@backup-sync/contracts';

/** Reasons whose cause is a parent, not the backup itself. They may no longer apply once the parent is whole. */
export const reasonsOfParent: readonly ReasonCode[] = ['parent_missing', 'parent_broken', 'parent_ambiguous', 'cycle'];

/** Whether a fault concerns the right or the means to read an object, not its content. */
export function isOfAccess(code: ReasonCode): boolean {
  return code === 'access_denied' || code === 'archived' || code === 'encrypted_customer_key';
}

/** Whether reading the data has found a fault. No listing shows it, so it stands until the data is read again. */
export function isOfData(code: ReasonCode): boolean {
  return code === 'content_mismatch' || code === 'expansion_mismatch';
}

/**
 * Whether a fault persists until the listing changes. Rights, thawing and the catalogue's knowledge of a parent
 * can change without a change in the listing, so faults that depend on them are checked again.
 */
export function isLasting(code: ReasonCode): boolean {
  return reasons[code].retry === 'final' && !isOfAccess(code) && code !== 'parent_ambiguous';
}
