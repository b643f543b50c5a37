import { BackupSyncError } from '@backup-sync/contracts';

/** Time for which a wrong password counts, in milliseconds. */
export const guessWindowMs = 15 * 60 * 1000;
/** Maximum number of wrong passwords of a user within the window. */
export const guessesOfUserMax = 10;
/** Maximum number of wrong passwords from one address within the window: it may have many users. */
export const guessesFromAddressMax = 50;

/**
 * Limits wrong passwords by user, known or not, and by address. Guesses from an address where the user has logged in
 * before are counted separately, so that strangers cannot lock the user out there. A guess counts before it is tried,
 * so that parallel guesses do not evade the limit. It stops counting if it was right, or could not be tried.
 */
export interface GuessLimits {
  /** Counts a guess. Throws `throttled` after too many wrong ones, and `unavailable` if the counts cannot be read. */
  begin(userName: string, address: string | null): Promise<Guess>;
}

/** A guess that counts as wrong until it is said to be something else. */
export type Guess = {
  /** Stops counting the guess, and remembers that the user has logged in from the address. */
  wasRight(): Promise<void>;
  /** Stops counting a guess that nobody answered, so that it was neither right nor wrong. */
  wasUnanswered(): Promise<void>;
};

/** The refusal of a guess after too many wrong ones. */
export function tooManyGuesses(retryAfterMs: number): BackupSyncError {
  return new BackupSyncError('throttled', 'too many wrong passwords', { retryAfterMs });
}
