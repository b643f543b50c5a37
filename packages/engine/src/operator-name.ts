import { userInfo } from 'node:os';

/**
 * Returns the name of the user that runs this process: the owner of the data directory. A user without an entry in the
 * user database is named by the uid: containers often run as one.
 */
export function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? 'unknown');
  }
}
