import { LRUCache } from 'lru-cache';
import { type ObjectEntry, StorageError } from '../../../storage/port.ts';
import type { BucketContext } from '../../chain-context.ts';
import { isLasting } from '../../proof/lasting-fault.ts';
import { ReadFault, withReadFaults } from '../../proof/read-fault.ts';
import { type OpenedImage, openImage, otherFormatOf, parentKeysOf } from './qcow2-image.ts';

/** The backing file that an image names. */
type BackingFile = {
  readonly key: string;
  /** What the image says of its format. */
  readonly format: string | null;
  /** Null if it is not there, or may not be read. */
  readonly entry: ObjectEntry | null;
};

/** Images that are kept, some 2 KB each at most. */
const keptMax = 4096;
/** Longest chain whose bottom is looked for. */
const chainMax = 200;
/** A description does not say whether an image is still being written. */
const atNoTime = () => Number.POSITIVE_INFINITY;

const known = new WeakMap<BucketContext, SeenImages>();

/** The images that were seen through this context. All descriptions of a scan share one. */
export function seenImagesOf(context: BucketContext): SeenImages {
  const seen = known.get(context) ?? new SeenImages(context);
  known.set(context, seen);
  return seen;
}

/** Looks at each image and backing file once, however many images of a chain are described. */
export class SeenImages {
  readonly #context: BucketContext;
  readonly #entries = new LRUCache<string, Promise<ObjectEntry | null>>({ max: keptMax });
  readonly #images = new LRUCache<string, Promise<OpenedImage>>({ max: keptMax });

  constructor(context: BucketContext) {
    this.#context = context;
  }

  /** The object of an image, if it was not just listed. Throws `ReadFault` if it is not there, and storage errors. */
  async entryOf(key: string, listed: ObjectEntry | null): Promise<ObjectEntry> {
    if (listed === null) return await withReadFaults(key, () => this.#head(key));
    this.#entries.set(key, Promise.resolve(listed));
    return listed;
  }

  /** Opens an image in the format that its child says. Throws `ReadFault`, and storage errors. */
  async open(entry: ObjectEntry, format: string | null): Promise<OpenedImage> {
    const key = JSON.stringify([entry.key, otherFormatOf(entry.key, format)]);
    const kept = this.#images.get(key);
    if (kept !== undefined) return await kept;
    const opened = openImage({ ...this.#context, nowMs: atNoTime }, entry, format);
    this.#images.set(key, opened);
    opened.catch((error: unknown) => {
      if (!(error instanceof ReadFault && isLasting(error.fault.code))) this.#images.delete(key);
    });
    return await opened;
  }

  /** The backing file of an image: the likeliest if none is there. Null if it needs none, or if it is no file. */
  async backingFileOf(imagePath: string, image: OpenedImage): Promise<BackingFile | null> {
    const keys = parentKeysOf(imagePath, image) ?? [];
    const format = image.kind === 'qcow2' ? image.header.backingFormat : null;
    for (const key of keys) {
      const entry = await this.#find(key);
      if (entry !== null) return { key, format, entry };
    }
    const [nearest] = keys;
    return nearest === undefined ? null : { key: nearest, format, entry: null };
  }

  /**
   * Walks to the image at the bottom of a chain, as far as backing files are found and can be read. Returns the key of
   * the last one, or of the missing one. Throws storage errors.
   */
  async rootOf(imagePath: string, leaf: OpenedImage): Promise<string> {
    const visited = new Set([imagePath]);
    let [key, image] = [imagePath, leaf];
    while (visited.size < chainMax) {
      const backing = await this.backingFileOf(key, image);
      if (backing === null || visited.has(backing.key)) return key;
      key = backing.key;
      visited.add(key);
      if (backing.entry === null) return key;
      const next = await this.#openIfReadable(backing.entry, backing.format);
      if (next === null) return key;
      image = next;
    }
    return key;
  }

  /** A backing file that cannot be read says nothing of its image, which is proved by itself. */
  async #openIfReadable(entry: ObjectEntry, format: string | null): Promise<OpenedImage | null> {
    try {
      return await this.open(entry, format);
    } catch (error) {
      if (error instanceof ReadFault) return null;
      throw error;
    }
  }

  async #find(key: string): Promise<ObjectEntry | null> {
    const kept = this.#entries.get(key);
    if (kept !== undefined) return await kept;
    const found = this.#head(key).catch((error: unknown) => {
      if (error instanceof StorageError && absences.has(error.code)) return null;
      throw error;
    });
    this.#entries.set(key, found);
    found.catch(() => this.#entries.delete(key));
    return await found;
  }

  async #head(key: string): Promise<ObjectEntry> {
    const { storage, bucketName: bucket, signal } = this.#context;
    return { key, archived: false, ...(await storage.head({ bucket, key, signal })) };
  }
}

/** Why a backing file is not seen, though the bucket is. */
const absences: ReadonlySet<string> = new Set(['object_not_found', 'access_denied']);
