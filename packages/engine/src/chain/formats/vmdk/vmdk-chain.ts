import { createHash } from 'node:crypto';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { FormatContext } from '../../format.ts';
import { idOfPlace } from '../../place-id.ts';
import { type ListedLink, placeOf } from '../../proof/proved-link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { ExtentFinder } from '../../vmdk/place-extents.ts';
import { readVmdkImage, type VmdkImage } from '../../vmdk/vmdk-image.ts';
import { listVmdk, type VmdkPlace } from './vmdk-listing.ts';
import { isExtentOf, parseVmdkPath } from './vmdk-path.ts';

/** A disk as it was last listed. */
export type VmdkLink = ListedLink & VmdkPlace;

/** Finds and reads the disks of a chain, for its proof and for its data. */
export class VmdkChain {
  readonly context: FormatContext;
  readonly #images = new Map<string, Promise<VmdkImage>>();

  constructor(context: FormatContext) {
    this.context = context;
  }

  /** Lists a disk; null if nothing has this key. Throws storage errors. */
  async linkAt(
    look: 'at' | 'again',
    { backupId, bucketName, imagePath }: Pick<VmdkLink, 'backupId' | 'bucketName' | 'imagePath'>,
  ): Promise<VmdkLink | null> {
    const place = await listVmdk(this.context, look, { bucketName, imagePath });
    return place === null ? null : { ...place, backupId };
  }

  /** Reads the descriptor and header of a disk, once until it is released. Throws `ReadFault`, and storage errors. */
  imageOf(link: VmdkLink): Promise<VmdkImage> {
    const key = JSON.stringify([placeOf(link), link.listing.digest]);
    const { entry, bucketName } = link;
    const source = { entry, start: 0, bytes: entry.size };
    const image = this.#images.get(key) ?? readVmdkImage({ ...this.context, bucketName }, source);
    this.#images.set(key, image);
    return image;
  }

  release(link: VmdkLink): void {
    this.#images.delete(JSON.stringify([placeOf(link), link.listing.digest]));
  }

  /**
   * Finds the parent of a child; null if it is a full disk. Throws `ReadFault` `parent_missing` if there is none next to
   * it, and storage errors.
   */
  async parentOf(link: VmdkLink, { descriptor }: VmdkImage): Promise<VmdkLink | null> {
    const { bucketName, imagePath } = link;
    const parentPath = parentPathOf(imagePath, descriptor);
    if (parentPath === null) return null;
    const place = { ...link, imagePath: parentPath, backupId: idOfVmdk(bucketName, parentPath) };
    const find = async () => (await this.linkAt('at', place)) ?? (await this.linkAt('again', place));
    const parent = descriptor.parentName === null ? null : await find();
    if (parent !== null) return parent;
    const what = descriptor.parentName === null ? 'which it does not name' : 'which is not next to it';
    throw new ReadFault({ code: 'parent_missing', detail: `${imagePath} needs ${parentPath}, ${what}` }, false);
  }

  /** Finds the extents of a disk. `seen` gets those that do not belong to it by their names, also if they are absent. */
  finderOf(link: VmdkLink, seen: ObjectEntry[] = []): ExtentFinder {
    const { bucketName, imagePath, extents } = link;
    const { listings } = this.context;
    const path = parseVmdkPath(imagePath);
    return async (fileName) => {
      const key = `${path?.folder ?? ''}${fileName}`;
      const isNamedAlike = path !== null && isExtentOf(path, key);
      const known = key === imagePath ? link.entry : extents.get(key);
      const listed = async (look: 'at' | 'again') => (await listings[look](bucketName, key))?.ownObject;
      const entry = known ?? (isNamedAlike ? undefined : ((await listed('at')) ?? (await listed('again'))));
      if (known === undefined && !isNamedAlike) seen.push(entry ?? { key, ...absent });
      return entry === undefined || entry === null ? null : { entry, start: 0, bytes: entry.size };
    };
  }
}

const unnamedParent = 'a parent';
/** What is remembered of an object that is not there. No entry of a listing is like it. */
const absent: Omit<ObjectEntry, 'key'> = { size: -1, modifiedAtMs: 0, etag: null, archived: false };

/** The key of the parent; null for a full disk. */
export function parentPathOf(imagePath: string, descriptor: VmdkImage['descriptor']): string | null {
  if (descriptor.parentContentId === null) return null;
  return `${parseVmdkPath(imagePath)?.folder ?? ''}${descriptor.parentName ?? unnamedParent}`;
}

/** A disk has no id of its own. */
export function idOfVmdk(bucketName: string, imagePath: string): string {
  return idOfPlace(parseVmdkPath(imagePath)?.name ?? imagePath, `${bucketName}/${imagePath}`);
}

/** Identifies the content as far as the disk says it: the content id is in the text of its descriptor. */
export function contentIdOf({ descriptor, header, source }: VmdkImage): string {
  const size = header === null ? null : source.bytes;
  return createHash('sha256')
    .update(JSON.stringify(['vmdk', descriptor.text, size]))
    .digest('hex');
}
