import type { Clock } from '../clock.ts';
import { type WindowCount, WindowCounts } from '../window-counts.ts';
import {
  type Guess,
  type GuessLimits,
  guessesFromAddressMax,
  guessesOfUserMax,
  guessWindowMs,
  tooManyGuesses,
} from './guess-limits.ts';
import { networkOf } from './network-of.ts';

/** Maximum number of users and addresses that are remembered. Those that tried longest ago are forgotten first. */
const rememberedMax = 100_000;

/** The counts of wrong passwords. */
class Counts {
  readonly byUser: WindowCounts;
  readonly byAddress: WindowCounts;
  /** By address and user. There is an entry if the user has logged in from there before. */
  readonly atHome: WindowCounts;

  constructor(clock: Clock) {
    this.byUser = new WindowCounts(clock, guessWindowMs, rememberedMax);
    this.byAddress = new WindowCounts(clock, guessWindowMs, rememberedMax);
    this.atHome = new WindowCounts(clock, guessWindowMs, rememberedMax);
  }
}

/** Counts wrong passwords in the memory of this process. */
export class LocalGuessLimits implements GuessLimits {
  readonly #clock: Clock;
  /** Created with the first guess: its memory takes tens of milliseconds, and most commands check no password. */
  #counts: Counts | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async begin(userName: string, address: string | null): Promise<Guess> {
    this.#counts ??= new Counts(this.#clock);
    const { byUser, byAddress, atHome } = this.#counts;
    const network = networkOf(address);
    // No network contains a space, so these keys are unique.
    const home = `${network} ${userName}`;
    const counted = [
      atHome.has(home)
        ? this.#guessesOf(atHome, home, guessesOfUserMax)
        : this.#guessesOf(byUser, userName, guessesOfUserMax),
    ];
    if (address !== null) counted.push(this.#guessesOf(byAddress, network, guessesFromAddressMax));
    for (const guesses of counted) guesses.count += 1;
    const wasUnanswered = async () => {
      for (const guesses of counted) guesses.count -= 1;
    };
    const wasRight = async () => {
      await wasUnanswered();
      if (!atHome.has(home)) atHome.of(home);
    };
    return { wasRight, wasUnanswered };
  }

  #guessesOf(kept: WindowCounts, key: string, most: number): WindowCount {
    const guesses = kept.of(key);
    if (guesses.count >= most) throw tooManyGuesses(guesses.sinceMs + guessWindowMs - this.#clock.monotonicMs());
    return guesses;
  }
}
