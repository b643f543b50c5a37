import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { ObjectEntry } from '../storage/port.ts';
import type { SharedListing } from './proof/link.ts';

const laneCount = 4;
/** Bytes of the digest of one entry. */
export const entryDigestBytes = laneCount * 4;

/** What a listing says of one object, as 16 bytes: its ETag tells its content; without one its time stands for it. */
export function digestOfEntry(relativeKey: string, { size, etag, modifiedAtMs }: ObjectEntry): Uint8Array {
  const content = etag === null ? [relativeKey, size, null, modifiedAtMs] : [relativeKey, size, etag];
  return createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, entryDigestBytes);
}

/** Whether two listings show the very same: nothing lost, nothing replaced, nothing new. */
export function isSameShared(one: SharedListing, other: SharedListing): boolean {
  return one.own === other.own && one.index === other.index && one.count === other.count && one.digest === other.digest;
}

/** The objects of a set: how many, and a digest in which their order plays no part. */
export type ObjectSet = { readonly count: number; readonly digest: string };

/**
 * Sums up objects that several backups share, while a listing streams by. It can tell the set of those that are no newer
 * than certain times, which are given first: so that a recorded set is found again among objects that came later.
 */
export class SharedObjects {
  /** Ascending. */
  readonly #timesMs: readonly number[];
  /** One for each time, and one for what is newer than all of them. */
  readonly #sums: readonly { count: number; readonly lanes: Uint32Array }[];
  #newestMs: number | null = null;

  constructor(timesMs: Iterable<number>) {
    this.#timesMs = [...new Set(timesMs)].sort((one, other) => one - other);
    this.#sums = Array.from({ length: this.#timesMs.length + 1 }, () => ({
      count: 0,
      lanes: new Uint32Array(laneCount),
    }));
  }

  get newestMs(): number | null {
    return this.#newestMs;
  }

  add(entryDigest: Uint8Array, modifiedAtMs: number): void {
    const sum = this.#sums[this.#placeOf(modifiedAtMs)];
    if (sum === undefined) return;
    const bytes = new DataView(entryDigest.buffer, entryDigest.byteOffset, entryDigestBytes);
    // A typed array takes each sum modulo 2^32.
    for (let lane = 0; lane < laneCount; lane += 1)
      sum.lanes[lane] = (sum.lanes[lane] ?? 0) + bytes.getUint32(lane * 4);
    sum.count += 1;
    this.#newestMs = Math.max(this.#newestMs ?? modifiedAtMs, modifiedAtMs);
  }

  /** The objects that are no newer than one of the given times; null: of an empty set. */
  upTo(timeMs: number | null): ObjectSet {
    return this.#first(timeMs === null ? 0 : this.#timesMs.indexOf(timeMs) + 1);
  }

  all(): ObjectSet {
    return this.#first(this.#sums.length);
  }

  #first(sums: number): ObjectSet {
    const lanes = new Uint32Array(laneCount);
    let count = 0;
    for (const sum of this.#sums.slice(0, sums)) {
      count += sum.count;
      for (let lane = 0; lane < laneCount; lane += 1) lanes[lane] = (lanes[lane] ?? 0) + (sum.lanes[lane] ?? 0);
    }
    return { count, digest: Buffer.from(lanes.buffer).toString('hex') };
  }

  /** The first of the times that is not before this one. */
  #placeOf(timeMs: number): number {
    let [from, to] = [0, this.#timesMs.length];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if ((this.#timesMs[middle] ?? 0) < timeMs) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
