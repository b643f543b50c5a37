import type { ChainContext } from '../examiner.ts';
import { type HashFileHeader, type HashList, readHashFile } from './hash-file.ts';
import type { CinderLink } from './link-listing.ts';
import { readListedObject } from './read-fault.ts';

/** Hashes kept in memory over a whole run: those of 64 GiB of volume, with blocks of 32 KiB. */
const keptBytesMax = 64 * 1024 * 1024;

type KeptList = { readonly batches: readonly Uint8Array[]; readonly header: HashFileHeader; readonly bytes: number };

/**
 * The hash lists of a run. A link's list is needed twice, as child and as parent: the newest lists are kept, as far as
 * they are small, so that a chain costs one request for each. Longer ones are read again, in constant memory.
 */
export class HashLists {
  readonly #context: ChainContext;
  /** In the order of their last use, the oldest first. */
  readonly #kept = new Map<string, KeptList>();
  #keptBytes = 0;

  constructor(context: ChainContext) {
    this.#context = context;
  }

  /** The hashes of a link that has a hash file; throws `HashFileFault` and `ReadFault` as they are read. */
  async *open(link: CinderLink): HashList {
    const { hashFile, bucketName } = link;
    if (hashFile === null) throw new TypeError(`${link.imagePath} has no hash file`);
    const key = JSON.stringify([bucketName, hashFile.key, link.listing.digest]);
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      yield* kept.batches;
      yield kept.header;
      return;
    }
    const { storage, signal } = this.#context;
    const request = { bucket: bucketName, key: hashFile.key, signal };
    const batches: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of readHashFile(await readListedObject(storage, request, hashFile))) {
      if (part instanceof Uint8Array) {
        bytes += part.length;
        if (bytes <= keptBytesMax) batches.push(part);
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
