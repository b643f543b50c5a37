import { BackupSyncError, reasons } from '@backup-sync/contracts';
import { abortAfter } from '../deadline.ts';
import type { Place } from '../imports/granted-places.ts';
import type { CallServices } from '../services.ts';
import { StorageError } from '../storage/port.ts';
import { reasonOfStorageError } from '../storage/storage-reason.ts';

/** Longest wait for the first page of the listing. Milliseconds. */
const firstPageWaitMs = 15_000;

/**
 * Refuses a bucket or prefix from which a source could import nothing, so that a mistyped name does not look healthy.
 * Sends one LIST request. Throws `bucket_not_found`, `prefix_empty` or `storage_not_readable`.
 */
export async function refuseUnlistable(
  { work: { storage }, world: { stopping } }: CallServices,
  place: Place,
): Promise<void> {
  const { bucketName, prefix } = place;
  using deadline = abortAfter(firstPageWaitMs);
  const signal = AbortSignal.any([stopping, deadline.signal]);
  try {
    for await (const page of storage.list({ bucket: bucketName, prefix, signal })) {
      if (page.length > 0) return;
    }
  } catch (error) {
    if (error instanceof StorageError) throw refusalOf(error, bucketName);
    if (!deadline.signal.aborted) throw error;
    const waited = `the storage unit did not list bucket ${bucketName} within ${firstPageWaitMs / 1000} seconds`;
    throw new BackupSyncError('storage_not_readable', waited, { cause: error });
  }
  const what = prefix === '' ? `bucket ${bucketName} is empty` : `bucket ${bucketName} has no object under ${prefix}`;
  throw new BackupSyncError('prefix_empty', what);
}

function refusalOf(error: StorageError, bucketName: string): BackupSyncError {
  if (error.code === 'bucket_not_found') {
    return new BackupSyncError('bucket_not_found', `bucket ${bucketName} does not exist`, { cause: error });
  }
  const { summary, remedy } = reasons[reasonOfStorageError[error.code]];
  return new BackupSyncError('storage_not_readable', `${summary}: ${error.message}. ${remedy}`, { cause: error });
}
