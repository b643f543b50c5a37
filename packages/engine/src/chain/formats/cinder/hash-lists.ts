import type { ChainContext } from '../../chain-context.ts';
import { oneAhead } from '../../one-ahead.ts';
import { type HashList, readHashFile } from '../../proof/hash-file.ts';
import { HashListCache, type StoredHashList } from '../../proof/hash-list-cache.ts';
import { readListedObject } from '../../proof/read-fault.ts';
import type { CinderLink } from './link-listing.ts';

/** Share of a hash file that is hashes: each of 32 bytes takes some 72 bytes of the file. */
const hashesShare = 32 / 72;

/** The hash lists of a run. The newest are kept in memory if they are small. */
export class HashLists {
  readonly #context: ChainContext;
  readonly #cache = new HashListCache();

  constructor(context: ChainContext) {
    this.#context = context;
  }

  /** Opens the hashes of a link that has a hash file. Reading them throws `HashFileFault` and `ReadFault`. */
  open(link: CinderLink): HashList {
    return this.#cache.open(this.#listOf(link));
  }

  /** As `open`, but leaves the hashes out if the header is known. */
  openForHeader(link: CinderLink): HashList {
    return this.#cache.openForHeader(this.#listOf(link));
  }

  #listOf({ imagePath, hashFile, bucketName, listing }: CinderLink): StoredHashList {
    if (hashFile === null) throw new TypeError(`${imagePath} has no hash file`);
    const { storage, signal } = this.#context;
    return {
      key: JSON.stringify([bucketName, hashFile.key, listing.digest]),
      expectedBytes: hashFile.size * hashesShare,
      async *read() {
        const request = { bucket: bucketName, key: hashFile.key, signal, readsThrough: true };
        yield* readHashFile(oneAhead(await readListedObject(storage, request, hashFile)));
      },
    };
  }
}
