import type { ChainData, StoredContent } from '../../data.ts';
import type { FormatContext } from '../../format.ts';
import type { LinkReader, ReadLink } from '../../proof/data-walk.ts';
import type { EtcdLink } from './etcd-prover.ts';
import { hasTrailer, readDatabaseMeta, readTrailer, trailerBytes } from './etcd-snapshot.ts';

/** What is read of a snapshot, and its digest. */
type Read = { readonly content: StoredContent };

/** Reads the hash that is stored with a snapshot. */
export class EtcdReader implements LinkReader<EtcdLink, Read> {
  readonly #context: FormatContext;

  constructor(context: FormatContext) {
    this.#context = context;
  }

  async read({ entry }: EtcdLink): Promise<Read> {
    const { key, size, etag, modifiedAtMs } = entry;
    const common = { key, etag, compression: 'none', plainDigest: null } as const;
    if (!hasTrailer(entry, await readDatabaseMeta(this.#context, entry))) {
      // Without a hash, reading shows only that all bytes can be read.
      return { content: { ...common, storedBytes: size, length: size, storedDigest: null } };
    }
    const hex = await readTrailer(this.#context, entry);
    const length = size - trailerBytes;
    const part = { start: 0, objectBytes: size, modifiedAtMs };
    return { content: { ...common, part, storedBytes: length, length, storedDigest: { algorithm: 'sha256', hex } } };
  }

  parentIdOf(): null {
    return null;
  }

  async *parentsOf(): AsyncGenerator<EtcdLink> {}

  async open(links: readonly ReadLink<EtcdLink, Read>[]): Promise<ChainData> {
    const storageUnitId = this.#context.storage.id;
    return {
      links: links.map(({ link: { backupId, bucketName, imagePath }, read: { content } }) => ({
        backupId,
        location: { storageUnitId, bucketName, imagePath },
        async *objects() {
          yield [content];
        },
        blocks: null,
        volumeBytes: null,
      })),
    };
  }
}
