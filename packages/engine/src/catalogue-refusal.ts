import { BackupSyncError } from '@backup-sync/contracts';

/** Milliseconds after which a call may succeed that met a full disk: somebody has to free space first. */
const retryFullDiskAfterMs = 5_000;

/**
 * The refusal for what a catalogue throws that cannot serve now; any other error as it is. The paths that its message
 * names are for the operator, not for callers.
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

/** Whether the catalogue cannot serve now, whatever it was asked. What was to be written is then tried again. */
export function isCatalogueFault(error: unknown): boolean {
  return catalogueRefusal(error) !== error;
}
