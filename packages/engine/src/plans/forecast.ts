import type { SyncForecast } from '@backup-sync/contracts';
import type { UnreadHashes } from '../chain/proof/link.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import type { StorageRate } from '../storage/measured-storage-unit.ts';

/**
 * Largest size of a hash file that is read once: its hashes stay in memory between the two edges that need them. A
 * larger file is read for each edge. Bytes.
 */
const readOnceBytesMax = 64 * 1024 * 1024;

/** The requests that one job of a sync, which imports one chain, sends to its bucket. */
export type ChainCost = RequestCount & { readonly bucketName: string };

/** The requests for reading the block hashes of these edges of one chain. */
export function costOfHashes(edges: readonly UnreadHashes[]): RequestCount {
  const readBefore = new Set<string>();
  let gets = 0;
  let bytesRead = 0;
  for (const { bucketName, key, bytes } of edges.flatMap(({ objects }) => objects)) {
    const name = JSON.stringify([bucketName, key]);
    if (bytes <= readOnceBytesMax && readBefore.has(name)) continue;
    readBefore.add(name);
    gets += 1;
    bytesRead += bytes;
  }
  return { lists: 0, gets, bytesRead };
}

/**
 * Adds up the cost of the jobs of a sync, one total per bucket. The time is the longer of two: the longest job, or all
 * jobs divided by the `jobsAtOnce` parallel ones. It is null if a rate it needs was never measured. Pure, except for
 * the rates at each moment.
 */
export class ForecastTally {
  readonly #rateOf: (bucketName: string) => StorageRate;
  readonly #jobsAtOnce: number;
  readonly #totals = new Map<string, RequestCount>();
  #longest: ChainCost | null = null;

  constructor(rateOf: (bucketName: string) => StorageRate, jobsAtOnce: number) {
    this.#rateOf = rateOf;
    this.#jobsAtOnce = jobsAtOnce;
  }

  add(chain: ChainCost): void {
    const total = this.#totals.get(chain.bucketName);
    this.#totals.set(chain.bucketName, total === undefined ? chain : sumRequests([total, chain]));
    if (this.#longest === null || (this.#timeOf(chain) ?? 0) > (this.#timeOf(this.#longest) ?? 0))
      this.#longest = chain;
  }

  finish(): SyncForecast {
    const totals = [...this.#totals].map(([bucketName, total]) => ({ ...total, bucketName }));
    const { lists, gets, bytesRead } = sumRequests(totals);
    const longestMs = this.#longest === null ? 0 : this.#timeOf(this.#longest);
    let sumMs: number | null = 0;
    for (const total of totals) {
      const time = this.#timeOf(total);
      sumMs = sumMs === null || time === null ? null : sumMs + time;
    }
    return {
      lists,
      gets,
      bytes_read: bytesRead,
      seconds:
        sumMs === null || longestMs === null ? null : Math.round(Math.max(longestMs, sumMs / this.#jobsAtOnce)) / 1000,
    };
  }

  #timeOf(chain: ChainCost): number | null {
    return timeMs(chain, this.#rateOf(chain.bucketName));
  }
}

export function sumRequests(counts: readonly RequestCount[]): RequestCount {
  return {
    lists: counts.reduce((total, { lists }) => total + lists, 0),
    gets: counts.reduce((total, { gets }) => total + gets, 0),
    bytesRead: counts.reduce((total, { bytesRead }) => total + bytesRead, 0),
  };
}

function timeMs({ lists, gets, bytesRead }: RequestCount, rate: StorageRate): number | null {
  let sum = 0;
  for (const [amount, each] of [
    [lists, rate.listMs],
    [gets, rate.getMs],
    [bytesRead, rate.byteMs],
  ] as const) {
    if (amount === 0) continue;
    if (each === null) return null;
    sum += amount * each;
  }
  return sum;
}
