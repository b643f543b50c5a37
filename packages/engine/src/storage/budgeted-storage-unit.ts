import type { Clock } from '../clock.ts';
import { type AskLeave, askBeforeRequests } from './asked-storage-unit.ts';
import { BucketBudget, type BudgetLimits, type Sleep } from './bucket-budget.ts';
import { StorageError, type StorageUnit } from './port.ts';

/** Times that a request is made before `throttled` is thrown on. */
const attemptsMax = 6;

/**
 * Keeps each bucket of a storage unit within its budget, for everything that goes through the unit made here, and
 * makes a request that was throttled again when the bucket may be asked again. What counts as in flight is a request
 * until its answer begins: whoever reads two bodies side by side holds no place while it waits for the second.
 *
 * Closing it closes the other.
 */
export function budgetRequests(
  unit: StorageUnit,
  options: { readonly limits: BudgetLimits; readonly clock: Clock; readonly sleep: Sleep },
): StorageUnit {
  const budgets = new Map<string, BucketBudget>();

  function budgetOf(bucket: string): BucketBudget {
    const budget = budgets.get(bucket) ?? new BucketBudget(options.limits, options.clock, options.sleep);
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
