import type { ReasonCode } from '@backup-sync/contracts';
import type { StorageErrorCode } from '../storage/port.ts';

/**
 * Whether the catalogue could not be asked or written, as with a full disk. That is no verdict about an operation: the
 * work throws it on, and the queue comes again.
 */
export function isCatalogueFault(error: unknown): boolean {
  return error instanceof Error && (error.name === 'CatalogueUnavailableError' || error.name === 'CatalogueFullError');
}

/** What a refusal of storage means for the operation that met it. */
export const reasonOfStorageError = {
  bucket_not_found: 'bucket_not_found',
  object_not_found: 'changed_while_read',
  access_denied: 'access_denied',
  archived: 'archived',
  encrypted_customer_key: 'encrypted_customer_key',
  listing_too_large: 'listing_too_large',
  throttled: 'storage_throttled',
  unreachable: 'storage_unreachable',
} as const satisfies Record<StorageErrorCode, ReasonCode>;
