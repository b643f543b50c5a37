import type { Clock } from '../clock.ts';
import { BucketBudget, type BudgetLimits, type Sleep } from './bucket-budget.ts';
import { compareKeys } from './key-order.ts';
import { type GetRequest, type ListFoldersRequest, type ListRequest, StorageError, type StorageUnit } from './port.ts';

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

  async function ask<Answer>(
    { bucket, signal }: { readonly bucket: string; readonly signal?: AbortSignal },
    request: () => Promise<Answer>,
  ): Promise<Answer> {
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
  }

  /** Each page is a request of its own. `open` lists what stands behind a key; null: from the beginning. */
  async function* askForPages<Item>(
    request: ListFoldersRequest,
    open: (after: string | null) => AsyncIterable<readonly Item[]>,
    keyOf: (item: Item) => string,
  ): AsyncGenerator<readonly Item[]> {
    let after: string | null = null;
    let pages: AsyncIterator<readonly Item[]> | null = null;
    while (true) {
      const step = await ask(request, async () => {
        pages ??= open(after)[Symbol.asyncIterator]();
        try {
          return await pages.next();
        } catch (error) {
          // A listing that has thrown is over; another goes on behind what has come.
          pages = null;
          throw error;
        }
      });
      if (step.done === true) return;
      const last = step.value.at(-1);
      if (last !== undefined) after = keyOf(last);
      yield step.value;
    }
  }

  async function* foldersBehind(request: ListFoldersRequest, after: string | null): AsyncGenerator<readonly string[]> {
    for await (const page of unit.listFolders(request)) {
      yield after === null ? page : page.filter((folder) => compareKeys(folder, after) > 0);
    }
  }

  return {
    id: unit.id,
    list: (request: ListRequest) => {
      const open = (after: string | null) => unit.list(after === null ? request : { ...request, after });
      return askForPages(request, open, ({ key }) => key);
    },
    listFolders: (request) =>
      askForPages(
        request,
        (after) => foldersBehind(request, after),
        (folder) => folder,
      ),
    get: (request: GetRequest) => ask(request, () => unit.get(request)),
    head: (request: GetRequest) => ask(request, () => unit.head(request)),
    [Symbol.asyncDispose]: () => unit[Symbol.asyncDispose](),
  };
}
