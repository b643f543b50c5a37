import type { HashFileHeader, HashList } from './hash-file.ts';

/** Bytes of hashes kept in memory during a run: the hashes of 64 GiB of volume with blocks of 32 KiB. */
const keptBytesMax = 64 * 1024 * 1024;

type KeptList = { readonly batches: readonly Uint8Array[]; readonly header: HashFileHeader; readonly bytes: number };

/**
 * Caches the newest small hash lists of a run. A link's list is needed twice, as child and as parent, so the cache
 * saves one request per link. Longer lists are read again, in constant memory.
 */
export class HashListCache {
  /** In order of last use, oldest first. */
  readonly #kept = new Map<string, KeptList>();
  #keptBytes = 0;

  /**
   * Yields the cached list of this key, or reads it with `read`. Does not buffer a list whose `expectedBytes` of hashes
   * are too many to keep. Throws read errors.
   */
  async *open(key: string, expectedBytes: number, read: () => HashList): HashList {
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      yield* kept.batches;
      yield kept.header;
      return;
    }
    if (expectedBytes > keptBytesMax) {
      yield* read();
      return;
    }
    const batches: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of read()) {
      if (part instanceof Uint8Array) {
        bytes += part.length;
        if (bytes <= keptBytesMax) batches.push(new Uint8Array(part));
        else batches.length = 0;
      } else if (bytes <= keptBytesMax) this.#keep(key, { batches, header: part, bytes });
      yield part;
    }
  }

  #keep(key: string, list: KeptList): void {
    this.#kept.set(key, list);
    this.#keptBytes += list.bytes;
    for (const [oldestKey, oldest] of this.#kept) {
      if (this.#keptBytes <= keptBytesMax) return;
      this.#kept.delete(oldestKey);
      this.#keptBytes -= oldest.bytes;
    }
  }
}
