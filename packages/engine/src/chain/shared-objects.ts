import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { ObjectEntry } from '../storage/port.ts';
import type { SharedListing } from './proof/link.ts';

const laneCount = 4;
/** Size of the digest of one entry in bytes. */
export const entryDigestBytes = laneCount * 4;

/** Digests a listing's entry in 16 bytes. The ETag stands for the content or, without an ETag, the time. */
export function digestOfEntry(relativeKey: string, { size, etag, modifiedAtMs }: ObjectEntry): Uint8Array {
  const content = etag === null ? [relativeKey, size, null, modifiedAtMs] : [relativeKey, size, etag];
  return createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, entryDigestBytes);
}

/** Whether two listings show exactly the same objects: none lost, replaced or new. */
export function isSameShared(one: SharedListing, other: SharedListing): boolean {
  return (
    one.own === other.own &&
    one.keys === other.keys &&
    one.index === other.index &&
    one.count === other.count &&
    one.digest === other.digest &&
    (one.hasLost ?? false) === (other.hasLost ?? false)
  );
}

/** The number of objects in a set, and a digest that does not depend on their order. */
export type ObjectSet = { readonly count: number; readonly digest: string };

const emptySet: ObjectSet = { count: 0, digest: '00'.repeat(entryDigestBytes) };

/** Objects of some age. */
type Sum = { count: number; readonly lanes: Uint32Array };

/**
 * Digests objects that several backups share, while a listing streams by. For each time given at the start, it can
 * report the set of objects that are no newer. So it recognises a recorded set among objects that were added later.
 */
export class SharedObjects {
  /** Ascending. */
  readonly #timesMs: readonly number[];
  /** One for each time, and one for the objects that are newer than all of them. */
  readonly #sums: readonly Sum[];
  /** The sums of each of these and all before it; null if an object was added since. */
  #sets: readonly ObjectSet[] | null = null;
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
    // A typed array keeps each sum modulo 2^32.
    for (let lane = 0; lane < laneCount; lane += 1)
      sum.lanes[lane] = (sum.lanes[lane] ?? 0) + bytes.getUint32(lane * 4);
    sum.count += 1;
    this.#sets = null;
    this.#newestMs = Math.max(this.#newestMs ?? modifiedAtMs, modifiedAtMs);
  }

  /** The objects that are no newer than one of the given times; null gives the empty set. */
  upTo(timeMs: number | null): ObjectSet {
    return timeMs === null ? emptySet : this.#setAt(this.#placeOf(timeMs));
  }

  all(): ObjectSet {
    return this.#setAt(this.#sums.length - 1);
  }

  #setAt(place: number): ObjectSet {
    this.#sets ??= accumulate(this.#sums);
    return this.#sets[place] ?? emptySet;
  }

  /** Index of the first of the times that is not before this one. */
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

function accumulate(sums: readonly Sum[]): readonly ObjectSet[] {
  const lanes = new Uint32Array(laneCount);
  let count = 0;
  return sums.map((sum) => {
    count += sum.count;
    for (let lane = 0; lane < laneCount; lane += 1) lanes[lane] = (lanes[lane] ?? 0) + (sum.lanes[lane] ?? 0);
    return { count, digest: Buffer.from(Uint32Array.from(lanes).buffer).toString('hex') };
  });
}
