import { openConnectionPool } from '../catalogue/postgres/connection-pool.ts';
import type { Clock } from '../clock.ts';
import type { GuessLimits } from '../identity/guess-limits.ts';
import type { BudgetStore } from '../storage/shared-bucket-budget.ts';
import { PostgresBudgetStore } from './postgres-budget-store.ts';
import { PostgresCallCounts, type SharedCallCounts } from './shared-call-counts.ts';
import { SharedGuessLimits } from './shared-guess-limits.ts';

/** Time from one removal of old counts to the next, in milliseconds. */
const clearEveryMs = 5 * 60 * 1000;

/**
 * Connections of a process for limits. Not those of the steps: while steps use all of theirs, a limit must not wait.
 */
const poolSize = 4;

/** The limits that hold over all nodes. */
export type SharedLimits = AsyncDisposable & {
  readonly guesses: GuessLimits;
  readonly calls: SharedCallCounts;
  readonly budgets: BudgetStore;
  /** Cuts the connections, for when the database has gone without a word. */
  readonly cut: () => void;
};

/** Opens the limits in the PostgreSQL database of a catalogue. Old counts are removed from time to time; `onFault` learns if that fails. */
export function openSharedLimits(url: string, clock: Clock, onFault: (error: unknown) => void): SharedLimits {
  const connections = openConnectionPool(url, poolSize);
  const { pool, cut } = connections;
  const guesses = new SharedGuessLimits(pool, clock);
  const calls = new PostgresCallCounts(pool);
  const timer = setInterval(() => {
    Promise.all([guesses.clear(), calls.clear()]).catch(onFault);
  }, clearEveryMs);
  timer.unref();
  return {
    guesses,
    calls,
    budgets: new PostgresBudgetStore(pool),
    cut,
    [Symbol.asyncDispose]: () => {
      clearInterval(timer);
      return connections[Symbol.asyncDispose]();
    },
  };
}
