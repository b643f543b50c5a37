import type { ChainData, NamedVolume, StoredContent } from '../../data.ts';
import type { FormatContext } from '../../format.ts';
import type { LinkReader, ReadLink } from '../../proof/data-walk.ts';
import { openDisks } from './disk-volumes.ts';
import type { OvfLink } from './ovf-link.ts';
import type { PackageReadings } from './package-readings.ts';
import { filesOf, type PackageSet } from './package-set.ts';
import type { PackageFile } from './read-package.ts';

/** Contents that are handed over at a time. */
const batchSize = 1000;

/** Reads the digests of the files of packages. */
export class OvfReader implements LinkReader<OvfLink, PackageSet> {
  readonly #context: FormatContext;
  readonly #readings: PackageReadings;

  constructor(context: FormatContext, readings: PackageReadings) {
    this.#context = context;
    this.#readings = readings;
  }

  read(link: OvfLink): Promise<PackageSet> {
    return this.#readings.read(link);
  }

  parentIdOf(): null {
    return null;
  }

  async *parentsOf(): AsyncGenerator<OvfLink> {}

  async open(links: readonly ReadLink<OvfLink, PackageSet>[]): Promise<ChainData> {
    const storageUnitId = this.#context.storage.id;
    const volumes: NamedVolume[] = [];
    for (const { link, read } of links) {
      const { backupId, bucketName, imagePath } = link;
      const common = { backupId, location: { storageUnitId, bucketName, imagePath } };
      volumes.push(...(await openDisks(this.#context, common, read)));
    }
    return {
      disks: volumes,
      links: links.map(({ link: { backupId, bucketName, imagePath }, read }) => ({
        backupId,
        location: { storageUnitId, bucketName, imagePath },
        async *objects() {
          const contents = filesOf(read).flatMap(contentOf);
          for (let at = 0; at < contents.length; at += batchSize) yield contents.slice(at, at + batchSize);
        },
        blocks: null,
        volumeBytes: null,
      })),
    };
  }
}

/** The stored bytes have the digest, in compressed files as well. A file that is missing was found before. */
function contentOf({ stored, digest }: PackageFile): readonly StoredContent[] {
  if (stored === null || stored.bytes <= 0) return [];
  const { entry, start, bytes } = stored;
  const { key, size, etag, modifiedAtMs } = entry;
  const part = { start, objectBytes: size, modifiedAtMs };
  return [
    {
      ...{ key, etag, compression: 'none', plainDigest: null, storedDigest: digest, storedBytes: bytes, length: bytes },
      ...(bytes === size ? {} : { part }),
    },
  ];
}
