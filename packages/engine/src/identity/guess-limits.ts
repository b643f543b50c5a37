import { BackupSyncError } from '@backup-sync/contracts';
import type { Clock } from '../clock.ts';
import { type WindowCount, WindowCounts } from '../window-counts.ts';
import { networkOf } from './network-of.ts';

const windowMs = 15 * 60 * 1000;
/** Wrong passwords within the window. Many users may come from one address. */
const mostByUser = 10;
const mostByAddress = 50;
/** Users and addresses that are remembered; the ones that tried longest ago are forgotten first. */
const rememberedMax = 100_000;

/** By what guesses are counted. */
class Counts {
  readonly byUser: WindowCounts;
  readonly byAddress: WindowCounts;
  /** By address and user: there is an entry where the user came in from there before. */
  readonly atHome: WindowCounts;

  constructor(clock: Clock) {
    this.byUser = new WindowCounts(clock, windowMs, rememberedMax);
    this.byAddress = new WindowCounts(clock, windowMs, rememberedMax);
    this.atHome = new WindowCounts(clock, windowMs, rememberedMax);
  }
}

/**
 * Limits guesses at passwords: by the user whose it is, known or not, and by the address that they come from. Where a
 * user came in before, guesses are counted by themselves, so that strangers lock nobody out who is at home there. A
 * guess counts before it is tried, so that many at once are no way around, and stops counting when it was right.
 */
export class GuessLimits {
  readonly #clock: Clock;
  /** Made with the first guess: room for so many takes tens of milliseconds, and most commands ask for no password. */
  #counts: Counts | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a guess; what is answered tells that it was right. Throws `throttled` where there were too many. */
  begin(userName: string, address: string | null): () => void {
    this.#counts ??= new Counts(this.#clock);
    const { byUser, byAddress, atHome } = this.#counts;
    const network = networkOf(address);
    // No network has a space, so no two of these are alike.
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
      throw new BackupSyncError('throttled', 'too many passwords were tried', {
        retryAfterMs: guesses.sinceMs + windowMs - this.#clock.monotonicMs(),
      });
    }
    return guesses;
  }
}
