import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { counted } from '@backup-sync/contracts';
import type { ChainContext } from '../../chain-context.ts';
import { oneAhead } from '../../one-ahead.ts';
import { HashFileFault, type HashList } from '../../proof/hash-file.ts';
import { HashListCache, type StoredHashList } from '../../proof/hash-list-cache.ts';
import { hashBytes } from '../../proof/hash-run.ts';
import { readListedObject } from '../../proof/read-fault.ts';
import type { ManifestLink } from './manifest-link.ts';

/** The block hashes of a run. The newest are kept in memory if they are small. */
export class ManifestHashes {
  readonly #context: ChainContext;
  readonly #cache = new HashListCache();

  constructor(context: ChainContext) {
    this.#context = context;
  }

  /**
   * Opens the hashes of a link whose block hashes were listed. Reading them throws `ReadFault`, and `HashFileFault` if
   * they are not those that the manifest describes.
   */
  open(link: ManifestLink): HashList {
    return this.#cache.open(this.#listOf(link));
  }

  /** As `open`, but leaves the hashes out if the header is known. */
  openForHeader(link: ManifestLink): HashList {
    return this.#cache.openForHeader(this.#listOf(link));
  }

  #listOf(link: ManifestLink): StoredHashList {
    const { imagePath, bucketName, blockHashes, listing } = link.place;
    if (blockHashes === null) throw new TypeError(`${imagePath} has no block hashes`);
    const { storage, signal } = this.#context;
    return {
      key: JSON.stringify([bucketName, blockHashes.key, listing.digest]),
      expectedBytes: blockHashes.size,
      async *read() {
        const request = { bucket: bucketName, key: blockHashes.key, signal, readsThrough: true };
        yield* readBlockHashes(oneAhead(await readListedObject(storage, request, blockHashes)), link);
      },
    };
  }
}

async function* readBlockHashes(bytes: AsyncIterable<Uint8Array>, { header }: ManifestLink): HashList {
  const { backup, resource, version, block_size: blockBytes, block_hashes: expected } = header;
  const digest = createHash('sha256');
  let rest: Uint8Array = new Uint8Array();
  let size = 0;
  for await (const piece of bytes) {
    digest.update(piece);
    size += piece.length;
    const joined = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = joined.length - (joined.length % hashBytes);
    if (whole > 0) yield joined.subarray(0, whole);
    // Copy the rest, because storage reuses the memory of its pieces.
    rest = new Uint8Array(joined.subarray(whole));
  }
  if (size !== expected.size) throw new HashFileFault(`has ${counted(size, 'byte')}, but must have ${expected.size}`);
  if (digest.digest('hex') !== expected.sha256) throw new HashFileFault('does not have the SHA-256 in the manifest');
  yield { version, backupId: backup.id, volumeId: resource.id, blockBytes, hashCount: size / hashBytes };
}
