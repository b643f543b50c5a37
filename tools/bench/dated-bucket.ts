import { createHash } from 'node:crypto';
import {
  listPageEntriesMax,
  type ObjectEntry,
  StorageError,
  type StorageUnit,
} from '../../packages/engine/src/storage/port.ts';

const firstWrittenAtMs = Date.UTC(2026, 2, 1, 3);

/**
 * A bucket in memory that can change, with ETags, and with times in the order of writing. Its keys are sorted, so that
 * the time to list a folder depends only on the size of the folder. Keys are ASCII.
 */
export class DatedBucket {
  readonly #objects = new Map<string, { readonly bytes: Uint8Array; readonly entry: ObjectEntry }>();
  #sorted: readonly string[] | null = null;
  #writtenAtMs = firstWrittenAtMs;

  /** Writes objects that are missing or have other bytes. */
  put(objects: ReadonlyMap<string, Uint8Array>): void {
    for (const [key, bytes] of objects) {
      const etag = createHash('md5').update(bytes).digest('hex');
      if (this.#objects.get(key)?.entry.etag === etag) continue;
      this.#writtenAtMs += 1000;
      const entry = { key, size: bytes.length, etag, modifiedAtMs: this.#writtenAtMs, archived: false };
      this.#objects.set(key, { bytes, entry });
    }
    this.#sorted = null;
  }

  remove(key: string): void {
    if (!this.#objects.delete(key)) throw new Error(`the bucket has no object ${key}`);
    this.#sorted = null;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Returns a storage unit with this bucket only. It shows no folders, because runs do not list them. */
  open(): StorageUnit {
    return {
      id: 'memory',
      list: ({ prefix, after }) => pagesOf(this.#below(prefix, after)),
      async *listFolders() {},
      get: async ({ key }) => {
        const { bytes, entry } = this.#find(key);
        return { ...entry, body: onePiece(bytes) };
      },
      head: async ({ key }) => ({ ...this.#find(key).entry, encryptedByKey: false }),
      async admit({ begin }) {
        await begin();
        return () => {};
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  #find(key: string) {
    const found = this.#objects.get(key);
    if (found === undefined) throw new StorageError('object_not_found', key);
    return found;
  }

  *#below(prefix: string, after = ''): Generator<ObjectEntry> {
    this.#sorted ??= [...this.#objects.keys()].sort();
    for (let at = placeOf(this.#sorted, after > prefix ? after : prefix); at < this.#sorted.length; at += 1) {
      const key = this.#sorted[at] ?? '';
      if (!key.startsWith(prefix)) return;
      if (key > after) yield this.#find(key).entry;
    }
  }
}

/** The index of the first key that does not sort before this one. */
function placeOf(sorted: readonly string[], key: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((sorted[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function* pagesOf(entries: Iterable<ObjectEntry>): AsyncGenerator<readonly ObjectEntry[]> {
  let page: ObjectEntry[] = [];
  for (const entry of entries) {
    if (page.length === listPageEntriesMax) {
      yield page;
      page = [];
    }
    page.push(entry);
  }
  yield page;
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
