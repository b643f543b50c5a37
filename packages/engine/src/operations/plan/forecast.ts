import type { SyncForecast } from '@backup-sync/contracts';
import type { RequestCount } from '../../catalogue/port.ts';
import type { UnreadHashes } from '../../chain/link.ts';
import type { StorageRate } from '../../storage/measured-storage-unit.ts';

/**
 * Bytes of a hash file up to which its hashes stay in memory between the two edges that need them, so that it is read
 * once; a longer one is read for each edge.
 */
const readOnceBytesMax = 64 * 1024 * 1024;

/** What a job of a sync, which works on one chain, asks of its bucket. */
export type ChainCost = RequestCount & { readonly bucketName: string };

/** The requests that reading the block hashes of these edges of one chain takes. */
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
 * Adds up what the jobs of a sync cost. The time is that of the longest job, or of all of them spread over the
 * `jobsAtOnce` that run side by side, whichever is more; null where a rate that counts was never measured. Pure.
 */
export function forecastSync(
  chains: readonly ChainCost[],
  rateOf: (bucketName: string) => StorageRate,
  jobsAtOnce: number,
): SyncForecast {
  const times = chains.map((chain) => timeMs(chain, rateOf(chain.bucketName)));
  let longestMs = 0;
  let sumMs: number | null = 0;
  for (const time of times) {
    sumMs = sumMs === null || time === null ? null : sumMs + time;
    longestMs = Math.max(longestMs, time ?? 0);
  }
  return {
    lists: chains.reduce((sum, { lists }) => sum + lists, 0),
    gets: chains.reduce((sum, { gets }) => sum + gets, 0),
    bytes_read: chains.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    seconds: sumMs === null ? null : Math.round(Math.max(longestMs, sumMs / jobsAtOnce)) / 1000,
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
