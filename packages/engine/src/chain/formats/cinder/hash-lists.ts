import type { ChainContext } from '../../chain-context.ts';
import { oneAhead } from '../../one-ahead.ts';
import { type HashList, readHashFile } from '../../proof/hash-file.ts';
import { HashListCache } from '../../proof/hash-list-cache.ts';
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
    const { hashFile, bucketName } = link;
    if (hashFile === null) throw new TypeError(`${link.imagePath} has no hash file`);
    const { storage, signal } = this.#context;
    const key = JSON.stringify([bucketName, hashFile.key, link.listing.digest]);
    return this.#cache.open(key, hashFile.size * hashesShare, async function* () {
      const request = { bucket: bucketName, key: hashFile.key, signal, readsThrough: true };
      yield* readHashFile(oneAhead(await readListedObject(storage, request, hashFile)));
    });
  }
}
