import type { BigIntStats, Stats } from 'node:fs';

/**
 * Identifies one state of a file by its device, inode, size and modification time in nanoseconds. A change that keeps
 * size and time is not noticed.
 */
export function identityOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`;
}

const nanosecondsInSecond = 1_000_000_000n;

/** Milliseconds since 1970, rounded like `Stats.mtimeMs` in both forms, so that listings, `head` and records agree. */
export function modifiedAtMsOf(stats: Stats | BigIntStats): number {
  if (!('mtimeNs' in stats)) return Math.trunc(stats.mtimeMs);
  const { mtimeNs } = stats;
  const seconds = Number(mtimeNs / nanosecondsInSecond);
  return Math.trunc(seconds * 1000 + Number(mtimeNs % nanosecondsInSecond) / 1_000_000);
}
