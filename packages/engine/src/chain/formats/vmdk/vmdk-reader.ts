import type { ChainData, LinkData, StoredContent } from '../../data.ts';
import type { LinkReader, ReadLink } from '../../proof/data-walk.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { PlacedExtent } from '../../vmdk/place-extents.ts';
import { readStoredGrains } from '../../vmdk/stored-grains.ts';
import type { VmdkImage } from '../../vmdk/vmdk-image.ts';
import { proveStructure } from '../../vmdk/vmdk-structure.ts';
import { idOfVmdk, parentKeysOf, type VmdkChain, type VmdkLink } from './vmdk-chain.ts';

/** What is read of a disk, and its files. */
type Read = { readonly image: VmdkImage; readonly extents: readonly PlacedExtent[] };

/** Finds the stored bytes of VMDK disks. */
export class VmdkReader implements LinkReader<VmdkLink, Read> {
  readonly #chain: VmdkChain;

  constructor(chain: VmdkChain) {
    this.#chain = chain;
  }

  async read(link: VmdkLink): Promise<Read> {
    const image = await this.#chain.imageOf(link);
    this.#chain.release(link);
    const context = { ...this.#chain.context, bucketName: link.bucketName };
    const find = this.#chain.finderOf(link);
    const { fault, looksMissing, extents } = await proveStructure(context, image, { find, upTo: 'inventory' });
    if (fault !== null) throw new ReadFault(fault, looksMissing);
    return { image, extents };
  }

  parentIdOf({ image: { source, descriptor } }: Read): string | null {
    const [parentKey] = parentKeysOf(source.entry.key, descriptor);
    return parentKey === undefined ? null : idOfVmdk(this.#chain.context.bucketName, parentKey);
  }

  async *parentsOf(link: VmdkLink, { image }: Read): AsyncGenerator<VmdkLink> {
    const parent = await this.#chain.parentOf(link, image);
    if (parent !== null) yield parent;
  }

  async open(links: readonly ReadLink<VmdkLink, Read>[]): Promise<ChainData> {
    return { links: links.map((each) => this.#dataOf(each)), holesAreZeros: true };
  }

  #dataOf({ link, read: { image, extents } }: ReadLink<VmdkLink, Read>): LinkData {
    const { context } = this.#chain;
    const { backupId, bucketName, imagePath } = link;
    const common = { backupId, location: { storageUnitId: context.storage.id, bucketName, imagePath }, blocks: null };
    if (image.form.ceiling === 'linkage') {
      const objects = () => readStoredGrains({ ...context, bucketName }, image, extents);
      return { ...common, objects, volumeBytes: image.volumeBytes };
    }
    // Without tables, reading shows only that all bytes can be read.
    const files = new Map([image.source, ...sourcesOf(extents)].map(({ entry }) => [entry.key, entry]));
    const contents = [...files.values()].map(
      ({ key, size, etag }): StoredContent => ({
        ...{ key, etag, storedBytes: size, length: size, compression: 'none' },
        ...{ plainDigest: null, storedDigest: null },
      }),
    );
    return {
      ...common,
      async *objects() {
        yield contents;
      },
      volumeBytes: null,
    };
  }
}

function sourcesOf(extents: readonly PlacedExtent[]) {
  return extents.flatMap(({ source }) => (source === null ? [] : [source]));
}
