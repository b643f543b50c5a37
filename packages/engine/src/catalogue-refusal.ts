import { BackupSyncError } from '@backup-sync/contracts';

/** Milliseconds before a call that met a full disk is worth repeating: someone has to free space first. */
const retryFullDiskAfterMs = 5_000;

/**
 * Turns what a catalogue throws when it cannot serve into a refusal; returns any other error unchanged. The refusal
 * leaves out the paths that the error names for the operator.
 */
export function catalogueRefusal(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  switch (error.name) {
    case 'CatalogueFullError':
      return new BackupSyncError('catalogue_full', 'the disk that holds the catalogue is full', {
        cause: error,
        retryAfterMs: retryFullDiskAfterMs,
      });
    case 'DataDirectoryGoneError':
      return new BackupSyncError('unavailable', 'the files of the catalogue were moved or removed while in use', {
        cause: error,
      });
    case 'CatalogueUnavailableError':
      return new BackupSyncError('unavailable', 'the catalogue does not answer', { cause: error });
    default:
      return error;
  }
}

/** Whether the catalogue cannot serve now, whatever it was asked. Work that meets this is retried, not failed. */
export function isCatalogueFault(error: unknown): error is Error {
  return catalogueRefusal(error) !== error;
}
