import { createHash } from 'node:crypto';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { catalogueFault } from '../catalogue/postgres/postgres-fault.ts';
import { catalogueRefusal } from '../catalogue-refusal.ts';
import type { Clock } from '../clock.ts';
import {
  type Guess,
  type GuessLimits,
  guessesFromAddressMax,
  guessesOfUserMax,
  guessWindowMs,
  tooManyGuesses,
} from '../identity/guess-limits.ts';
import { networkOf } from '../identity/network-of.ts';
import { askLimits, type LimitPool } from './pool.ts';

/** Time for which an address is known after a user has logged in there, in seconds. */
const homeKnownForS = 90 * 24 * 60 * 60;
/** Counts that ended longer ago are removed. Clocks of nodes may differ by less. Milliseconds. */
const keptAfterEndMs = 60 * 60 * 1000;

type Counted = { readonly limiter: RateLimiterPostgres; readonly key: string };

/**
 * Counts wrong passwords in PostgreSQL, for all nodes. A guess takes a few short statements, which is little next to
 * the hash of the password.
 *
 * The library compares times by the clock of each node. If clocks differ, a window lasts longer or shorter by the
 * difference.
 */
export class SharedGuessLimits implements GuessLimits {
  readonly #pool: LimitPool;
  readonly #clock: Clock;
  readonly #byUser: RateLimiterPostgres;
  readonly #byAddress: RateLimiterPostgres;
  /** By address and user, if the user has logged in from there before. */
  readonly #atHome: RateLimiterPostgres;
  /** The addresses and users of {@link #atHome}. */
  readonly #homes: RateLimiterPostgres;

  constructor(pool: LimitPool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
    const limiter = (keyPrefix: string, points: number) =>
      new RateLimiterPostgres({
        storeClient: pool,
        storeType: 'pool',
        tableName: 'guess_limits',
        // Only `backup-sync migrate` creates tables.
        tableCreated: true,
        clearExpiredByTimeout: false,
        keyPrefix,
        points,
        duration: guessWindowMs / 1000,
      });
    this.#byUser = limiter('user', guessesOfUserMax);
    this.#byAddress = limiter('address', guessesFromAddressMax);
    this.#atHome = limiter('at-home', guessesOfUserMax);
    this.#homes = limiter('home', 1);
  }

  async begin(userName: string, address: string | null): Promise<Guess> {
    const network = networkOf(address);
    const home = keyOf(`${network} ${userName}`);
    const isAtHome = (await orRefusal(this.#homes.get(home))) !== null;
    const guesses: Counted[] = [
      isAtHome ? { limiter: this.#atHome, key: home } : { limiter: this.#byUser, key: keyOf(userName) },
    ];
    if (address !== null) guesses.push({ limiter: this.#byAddress, key: keyOf(network) });
    await countAll(guesses);
    return {
      wasRight: () =>
        orStillCounted(async () => {
          await takeBack(guesses);
          await this.#homes.set(home, 1, homeKnownForS);
        }),
      wasUnanswered: () => orStillCounted(() => takeBack(guesses)),
    };
  }

  /** Removes counts that ended long ago. Throws errors of PostgreSQL. */
  async clear(): Promise<void> {
    await askLimits(this.#pool, {
      name: 'clear-guesses',
      text: 'delete from guess_limits where expire < $1',
      values: [this.#clock.nowMs() - keptAfterEndMs],
    });
  }
}

/** Counts a guess for each. If one is over its limit, counts it for none. */
async function countAll(guesses: readonly Counted[]): Promise<void> {
  const counted: Counted[] = [];
  for (const guess of guesses) {
    // Counted even if it is refused, so it is taken back with the others.
    counted.push(guess);
    try {
      await guess.limiter.consume(guess.key);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw refusalOf(error);
      await orRefusal(takeBack(counted));
      throw tooManyGuesses(error.msBeforeNext);
    }
  }
}

/** If it fails, the guess counts as wrong until the window ends, which is better than a refused login. */
async function orStillCounted(correct: () => Promise<void>): Promise<void> {
  await correct().catch(() => {});
}

async function takeBack(guesses: readonly Counted[]): Promise<void> {
  for (const { limiter, key } of guesses) await limiter.reward(key);
}

/** A hash: keys of an index must be short, and a user name may be a password in the wrong field. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

async function orRefusal<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    throw refusalOf(error);
  }
}

/** The refusal of a guess that cannot be counted, as of everything that needs the catalogue. */
function refusalOf(error: unknown): unknown {
  return catalogueRefusal(catalogueFault(error));
}
