import { BackupSyncError, type ErrorCode, type ListProgress, type Problem } from '@backup-sync/contracts';

/** Returns the same failure with another message or code, and the original as its cause. */
export function retell(
  error: BackupSyncError,
  words: {
    readonly code?: ErrorCode;
    readonly message: string;
    readonly problems?: readonly Problem[];
    readonly progress?: ListProgress;
  },
): BackupSyncError {
  const { code, problems, progress, retryAfterMs, status, requestId } = { ...fieldsOf(error), ...words };
  return new BackupSyncError(code, words.message, {
    cause: error,
    problems,
    progress,
    retryAfterMs,
    status,
    requestId,
  });
}

function fieldsOf({ code, problems, progress, retryAfterMs, status, requestId }: BackupSyncError) {
  return { code, problems, progress, retryAfterMs, status, requestId };
}
