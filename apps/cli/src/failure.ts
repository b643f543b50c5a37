import { BackupSyncError, errors, type Problem } from '@backup-sync/contracts';

/** Exit codes beside those of {@link errors}. */
export const exitCodes = { done: 0, failure: 1, someItemsFailed: 3, interrupted: 130 } as const;

/** A command was used wrongly, or its files cannot be read. The message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What the operator is told of a failure. */
export type Failure = {
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  readonly problems: readonly Problem[];
};

/** Errors whose message is a sentence for the operator; they come from modules that are loaded when needed. */
const operatorErrors = new Set([
  'UsageError',
  'ListenError',
  'DataDirectoryInUseError',
  'DataDirectoryError',
  'NewerSchemaError',
  'StorageSpecificationError',
  'StorageError',
  'OutputError',
  'ManifestCreationError',
]);

export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof BackupSyncError) {
    const { exitCode, number, remedy } = errors[thrown.code];
    return { exitCode, code: number, message: thrown.message, remedy, problems: thrown.problems };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (error.name === 'AbortError') {
    return { exitCode: exitCodes.interrupted, code: error.name, message: 'interrupted', remedy: null, problems: [] };
  }
  const known = operatorErrors.has(error.name);
  return {
    exitCode: exitCodes.failure,
    code: error.name,
    // A fault of this program: the place where it happened helps whoever mends it.
    message: known ? error.message : `unexpected: ${error.stack ?? error.message}`,
    remedy: known ? null : 'This is a fault of backup-sync; please report it with the lines above.',
    problems: [],
  };
}
