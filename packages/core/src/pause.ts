import { BackupSyncError } from '@backup-sync/contracts';

/** Waits. Throws `aborted` by the signal. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new BackupSyncError('aborted', 'waiting was aborted; what was accepted is kept'));
    };
    if (signal?.aborted)
      return reject(new BackupSyncError('aborted', 'waiting was aborted; what was accepted is kept'));
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
