import { BackupSyncError } from '@backup-sync/contracts';

/** Milliseconds after which to retry a call that met a full disk: someone must free space first. */
const retryFullDiskAfterMs = 5_000;

/**
 * Converts the errors of a catalogue that cannot serve to refusals; returns any other error unchanged. The refusal
 * omits the paths that the error names for the operator.
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

/**
 * Whether the error means that the catalogue cannot serve anything now. Work that meets it is retried and does not
 * fail.
 */
export function isCatalogueFault(error: unknown): error is Error {
  return catalogueRefusal(error) !== error;
}
