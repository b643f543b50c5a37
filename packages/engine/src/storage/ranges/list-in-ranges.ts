import type { StorageUnit } from '../port.ts';
import { RangedListing, type RangeLimits } from './ranged-listing.ts';

/** Half of the requests in flight that an ordinary budget allows, and some 20 MiB of entries. */
const ordinaryLimits: RangeLimits = {
  pagesBefore: 8,
  keysBefore: 100,
  pagesAtOnce: 16,
  pagesAhead: 80,
  pagesOfRange: 4,
};

/**
 * Wraps a storage unit so that long listings request several pages at the same time, each in a range of the keys. Pages
 * still come in the order of the keys, and only a complete listing ends. A listing that is left early may have made
 * requests for pages that nobody reads, but none among its first {@link RangeLimits.pagesBefore} pages.
 *
 * Returns a unit that does not set `listsRanges` as it is. Requests without a signal end with `stopping`. Closing the
 * wrapper leaves `unit` open.
 */
export function listInRanges(unit: StorageUnit, stopping: AbortSignal, limits = ordinaryLimits): StorageUnit {
  if (unit.listsRanges !== true) return unit;
  return {
    id: unit.id,
    async *list(request) {
      const listing = new RangedListing(unit, { signal: stopping, ...request }, limits);
      try {
        for (let page = await listing.next(); page !== null; page = await listing.next()) yield page;
      } finally {
        await listing.close();
      }
    },
    listFolders: (request) => unit.listFolders(request),
    get: (request) => unit.get(request),
    head: (request) => unit.head(request),
    admit: (request) => unit.admit(request),
    async [Symbol.asyncDispose]() {},
  };
}
