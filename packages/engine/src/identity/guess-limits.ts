import { BackupSyncError } from '@backup-sync/contracts';
import type { Clock } from '../clock.ts';
import { type WindowCount, WindowCounts } from '../window-counts.ts';
import { networkOf } from './network-of.ts';

const windowMs = 15 * 60 * 1000;
/** Maximum number of wrong passwords of a user within the window. */
const mostByUser = 10;
/** Maximum number of wrong passwords from one address: it may have many users. */
const mostByAddress = 50;
/** Maximum number of users and addresses that are remembered. Those that tried longest ago are forgotten first. */
const rememberedMax = 100_000;

/** The counts of wrong passwords. */
class Counts {
  readonly byUser: WindowCounts;
  readonly byAddress: WindowCounts;
  /** By address and user. There is an entry if the user has logged in from there before. */
  readonly atHome: WindowCounts;

  constructor(clock: Clock) {
    this.byUser = new WindowCounts(clock, windowMs, rememberedMax);
    this.byAddress = new WindowCounts(clock, windowMs, rememberedMax);
    this.atHome = new WindowCounts(clock, windowMs, rememberedMax);
  }
}

/**
 * Limits wrong passwords by user, known or not, and by address. Guesses from an address where the user has logged in
 * before are counted separately, so that strangers cannot lock the user out there. A guess counts before it is tried,
 * so that parallel guesses do not evade the limit. It stops counting if it was right.
 */
export class GuessLimits {
  readonly #clock: Clock;
  /** Created with the first guess: its memory takes tens of milliseconds, and most commands check no password. */
  #counts: Counts | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a guess. Call the returned function if it was right. Throws `throttled` after too many wrong ones. */
  begin(userName: string, address: string | null): () => void {
    this.#counts ??= new Counts(this.#clock);
    const { byUser, byAddress, atHome } = this.#counts;
    const network = networkOf(address);
    // No network contains a space, so these keys are unique.
    const home = `${network} ${userName}`;
    const counted = [
      atHome.has(home) ? this.#guessesOf(atHome, home, mostByUser) : this.#guessesOf(byUser, userName, mostByUser),
    ];
    if (address !== null) counted.push(this.#guessesOf(byAddress, network, mostByAddress));
    for (const guesses of counted) guesses.count += 1;
    return () => {
      for (const guesses of counted) guesses.count -= 1;
      if (!atHome.has(home)) atHome.of(home);
    };
  }

  #guessesOf(kept: WindowCounts, key: string, most: number): WindowCount {
    const guesses = kept.of(key);
    if (guesses.count >= most) {
      throw new BackupSyncError('throttled', 'too many wrong passwords', {
        retryAfterMs: guesses.sinceMs + windowMs - this.#clock.monotonicMs(),
      });
    }
    return guesses;
  }
}
