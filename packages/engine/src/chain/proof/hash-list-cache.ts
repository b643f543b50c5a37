import type { HashFileHeader, HashList } from './hash-file.ts';

/** Bytes kept in memory during a run: the hashes of 64 GiB of volume with blocks of 32 KiB. */
const keptBytesMax = 64 * 1024 * 1024;

/** A list as it can be read from storage. */
export type StoredHashList = {
  /** Identifies the list and its content. */
  readonly key: string;
  /** About how many bytes of hashes it has. */
  readonly expectedBytes: number;
  readonly read: () => HashList;
};

type KeptList = {
  /** Null if the hashes are too many to keep. */
  readonly batches: readonly Uint8Array[] | null;
  readonly header: HashFileHeader;
  readonly bytes: number;
};

/**
 * Caches the newest small hash lists of a run, and the headers of others. A link's list is needed twice, as child and as
 * parent, so the cache saves one request per link. A full backup needs only the header of its own list, so a large list
 * need not be read again for it. Otherwise large lists are read again, in constant memory.
 */
export class HashListCache {
  /** In order of last use, oldest first. */
  readonly #kept = new Map<string, KeptList>();
  #keptBytes = 0;

  /** Yields the cached list, or reads it. Does not buffer a list that is too large to keep. Throws read errors. */
  async *open({ key, expectedBytes, read }: StoredHashList): HashList {
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.batches !== null) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      yield* kept.batches;
      yield kept.header;
      return;
    }
    let batches: Uint8Array[] | null = expectedBytes > keptBytesMax ? null : [];
    let bytes = 0;
    for await (const part of read()) {
      if (part instanceof Uint8Array) {
        bytes += part.length;
        if (bytes > keptBytesMax) batches = null;
        batches?.push(new Uint8Array(part));
      } else this.#keep(key, { batches, header: part, bytes: textBytesOf(part) + (batches === null ? 0 : bytes) });
      yield part;
    }
  }

  /** Yields only the header if it is cached; otherwise does the same as `open`. */
  async *openForHeader(list: StoredHashList): HashList {
    const kept = this.#kept.get(list.key);
    if (kept === undefined) yield* this.open(list);
    else yield kept.header;
  }

  #keep(key: string, list: KeptList): void {
    this.#keptBytes += list.bytes - (this.#kept.get(key)?.bytes ?? 0);
    this.#kept.delete(key);
    this.#kept.set(key, list);
    for (const [oldestKey, oldest] of this.#kept) {
      if (this.#keptBytes <= keptBytesMax) return;
      this.#kept.delete(oldestKey);
      this.#keptBytes -= oldest.bytes;
    }
  }
}

/** The memory that the texts of a header may take. A hostile file has long ones. */
function textBytesOf({ version, backupId, volumeId }: HashFileHeader): number {
  return 2 * (version.length + backupId.length + volumeId.length);
}
