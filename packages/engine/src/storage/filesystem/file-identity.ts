import type { BigIntStats, Stats } from 'node:fs';

/**
 * Tells one state of a file from another: by its device, inode, size and the time of its last change, in nanoseconds. A
 * change that leaves size and time as they were does not show.
 */
export function identityOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`;
}

const nanosecondsInSecond = 1_000_000_000n;

/** Milliseconds since 1970, rounded as by `Stats.mtimeMs` in both forms: a listing and `head` agree, and so do records. */
export function modifiedAtMsOf(stats: Stats | BigIntStats): number {
  if (!('mtimeNs' in stats)) return Math.trunc(stats.mtimeMs);
  const { mtimeNs } = stats;
  const seconds = Number(mtimeNs / nanosecondsInSecond);
  return Math.trunc(seconds * 1000 + Number(mtimeNs % nanosecondsInSecond) / 1_000_000);
}
