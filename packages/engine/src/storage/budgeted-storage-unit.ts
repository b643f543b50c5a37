import { type AskLeave, askBeforeRequests } from './asked-storage-unit.ts';
import type { RequestBudget } from './bucket-budget.ts';
import { StorageError, type StorageUnit } from './port.ts';

/** Attempts of a request before `throttled` is thrown. */
const attemptsMax = 6;

/**
 * Wraps a storage unit so that all requests through it keep to the budget of their bucket. Throttled requests are
 * retried when the budget allows.
 *
 * A request counts as in flight until its answer begins. A caller that reads one body while it waits for another
 * request therefore takes no place for the body. Closing the wrapper closes `unit`.
 */
export function budgetRequests(unit: StorageUnit, openBudget: (bucketName: string) => RequestBudget): StorageUnit {
  const budgets = new Map<string, RequestBudget>();

  function budgetOf(bucket: string): RequestBudget {
    const budget = budgets.get(bucket) ?? openBudget(bucket);
    budgets.set(bucket, budget);
    return budget;
  }

  const ask: AskLeave = async ({ bucket, signal }, request) => {
    const budget = budgetOf(bucket);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await budget.run(request, signal);
      } catch (error) {
        if (!(error instanceof StorageError) || error.code !== 'throttled') throw error;
        budget.slowDown(error.retryAfterMs);
        if (attempt === attemptsMax) throw error;
      }
    }
  };

  return askBeforeRequests(unit, ask);
}
