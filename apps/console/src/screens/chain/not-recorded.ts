import { failureOf } from '../../api/failure.ts';

/** The number of `backup_not_found`. */
const notFoundNumber = 'BackupSync.1009';

/** Whether a call failed because the backup is not recorded. */
export function isNotRecorded(thrown: unknown): boolean {
  return thrown !== null && failureOf(thrown).number === notFoundNumber;
}
