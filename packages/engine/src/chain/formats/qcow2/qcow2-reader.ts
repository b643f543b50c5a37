import type { ChainData, LinkData, StoredObject, VolumeLink, ZeroRun } from '../../data.ts';
import type { ImageRun } from '../../disk-image/stored-runs.ts';
import { joinRuns } from '../../disk-image/stored-runs.ts';
import type { FormatContext } from '../../format.ts';
import type { LinkReader, ReadLink } from '../../proof/data-walk.ts';
import { objectsOfImage } from '../../qcow2/whole-image.ts';
import { formOf, type OpenedImage, openImage } from './qcow2-image.ts';
import { findParent, type ParentSearch, type Qcow2Link } from './qcow2-link.ts';

type Read = { readonly image: OpenedImage; readonly search: ParentSearch; readonly canExpand: boolean };

/** Reads where the data of images is. */
export class Qcow2Reader implements LinkReader<Qcow2Link, Read> {
  readonly #context: FormatContext;

  constructor(context: FormatContext) {
    this.#context = context;
  }

  async read(link: Qcow2Link): Promise<Read> {
    const image = await openImage(this.#context, link.entry, link.backingFormat);
    const { gaps } = formOf(link.imagePath, image).form;
    const canExpand = !gaps.some(
      (gap) => gap === 'data_encrypted' || gap === 'data_elsewhere' || gap === 'format_unknown',
    );
    return { image, search: await findParent(this.#context, link, image), canExpand };
  }

  parentIdOf({ search }: Read): string | null {
    return search.parentId;
  }

  async *parentsOf(_link: Qcow2Link, { search }: Read): AsyncGenerator<Qcow2Link> {
    if (search.parent !== null) yield search.parent;
  }

  /** If the data of one link cannot be interpreted, those of all are only read. */
  async open(links: readonly ReadLink<Qcow2Link, Read>[]): Promise<ChainData> {
    const canExpand = links.every(({ read }) => read.canExpand);
    return {
      holesAreZeros: true,
      links: links.map(({ link, read }) => (canExpand ? this.#volumeOf(link, read.image) : this.#contentOf(link))),
    };
  }

  #volumeOf(link: Qcow2Link, image: OpenedImage): VolumeLink {
    const context = this.#context;
    const volumeBytes = image.kind === 'qcow2' ? image.header.size : link.entry.size;
    return {
      ...this.#placeOf(link),
      objects: () => objectsOf(context, link, image),
      blocks: null,
      volumeBytes,
    };
  }

  #contentOf(link: Qcow2Link): LinkData {
    const { key, size, etag } = link.entry;
    return {
      ...this.#placeOf(link),
      async *objects() {
        const digests = { plainDigest: null, storedDigest: null };
        yield [{ key, etag, storedBytes: size, length: size, compression: 'none', ...digests }];
      },
      blocks: null,
      volumeBytes: null,
    };
  }

  #placeOf({ backupId, bucketName, imagePath }: Qcow2Link) {
    return { backupId, location: { storageUnitId: this.#context.storage.id, bucketName, imagePath } };
  }
}

async function* objectsOf(
  context: FormatContext,
  { entry }: Qcow2Link,
  image: OpenedImage,
): AsyncGenerator<readonly (StoredObject | ZeroRun)[]> {
  const source = { entry, start: 0, bytes: entry.size };
  if (image.kind === 'qcow2') {
    yield* objectsOfImage(context, image);
    return;
  }
  if (image.kind === 'other') throw new TypeError('an image that cannot be interpreted has no runs');
  const whole: ImageRun = { kind: 'stored', offset: 0, length: entry.size, at: 0 };
  yield* joinRuns(source, null, batchOf(entry.size === 0 ? [] : [whole]));
}

async function* batchOf(runs: readonly ImageRun[]): AsyncGenerator<readonly ImageRun[]> {
  yield runs;
}
