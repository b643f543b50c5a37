import type { ReasonCode } from '@backup-sync/contracts';
import type { StorageErrorCode } from './port.ts';

/** The reason code that an operation gets for each storage error. */
export const reasonOfStorageError = {
  bucket_not_found: 'bucket_not_found',
  object_not_found: 'changed_while_read',
  changed_while_read: 'changed_while_read',
  start_ignored: 'storage_unreachable',
  access_denied: 'access_denied',
  archived: 'archived',
  encrypted_customer_key: 'encrypted_customer_key',
  listing_too_large: 'listing_too_large',
  throttled: 'storage_throttled',
  unreachable: 'storage_unreachable',
  storage_wrong_region: 'storage_wrong_region',
  storage_redirected: 'storage_redirected',
  storage_token_expired: 'storage_token_expired',
  storage_key_unknown: 'storage_key_unknown',
  storage_secret_wrong: 'storage_secret_wrong',
  storage_credentials_missing: 'storage_credentials_missing',
  storage_virtual_hosts_only: 'storage_virtual_hosts_only',
  storage_not_implemented: 'storage_not_implemented',
  storage_clock_skewed: 'storage_clock_skewed',
  storage_request_refused: 'storage_request_refused',
  storage_certificate_refused: 'storage_certificate_refused',
} as const satisfies Record<StorageErrorCode, ReasonCode>;
