import { createHash } from 'node:crypto';
import type { ObjectEntry } from '../../../storage/port.ts';
import { keysOfPath } from '../../disk-image/keys-of-path.ts';
import type { FormatContext } from '../../format.ts';
import { idOfPlace } from '../../place-id.ts';
import { type EdgeProof, isSameLocation } from '../../proof/link.ts';
import { type ListedLink, placeOf } from '../../proof/proved-link.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { VmdkDescriptor } from '../../vmdk/descriptor.ts';
import type { ExtentFinder } from '../../vmdk/place-extents.ts';
import { readVmdkImage, type VmdkImage } from '../../vmdk/vmdk-image.ts';
import { listVmdk, type VmdkPlace, withOthers } from './vmdk-listing.ts';
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

  /**
   * Lists a disk; null if nothing has this key. Only a descriptor shows files with names of their own. Unless their keys
   * are given, they are those that the recorded proof rests on. Throws storage errors.
   */
  async linkAt(
    look: 'at' | 'again',
    link: Pick<VmdkLink, 'backupId' | 'bucketName' | 'imagePath'> & Partial<Pick<VmdkLink, 'otherKeys'>>,
  ): Promise<VmdkLink | null> {
    const { backupId, bucketName, imagePath, otherKeys = await this.#recordedOthersOf(link) } = link;
    const place = await listVmdk(this.context, look, { bucketName, imagePath, otherKeys });
    return place === null ? null : { ...place, backupId };
  }

  async #recordedOthersOf({ backupId, bucketName, imagePath }: Parameters<VmdkChain['linkAt']>[1]) {
    const { findProofs, storage } = this.context;
    const [proof] = await findProofs([backupId]);
    const isHere =
      proof !== undefined && isSameLocation(proof.location, { storageUnitId: storage.id, bucketName, imagePath });
    return isHere ? [...new Set(otherObjectsOf(proof).map(({ key }) => key))] : [];
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
   * Finds the parent of a child; null if it is a full disk. Throws `ReadFault` `parent_missing` if it is nowhere that
   * the child leads to, and storage errors. `seen` gets absent objects that only this child leads to.
   */
  async parentOf(link: VmdkLink, { descriptor }: VmdkImage, seen: ObjectEntry[] = []): Promise<VmdkLink | null> {
    const { bucketName, imagePath } = link;
    const keys = parentKeysOf(imagePath, descriptor);
    if (keys.length === 0) return null;
    const isNamed = descriptor.parentPath !== null;
    for (const look of isNamed ? (['at', 'again'] as const) : []) {
      for (const key of keys) {
        const place = { bucketName, imagePath: key, backupId: idOfVmdk(bucketName, key) };
        const parent = await this.linkAt(look, place);
        if (parent !== null) return parent;
      }
    }
    // The first place is that of the recorded parent.
    seen.push(...keys.slice(1).map((key) => ({ key, ...absent })));
    const what = isNamed ? 'which is not there' : 'which it does not name';
    const detail = `${imagePath} needs ${keys.join(' or ')}, ${what}`;
    throw new ReadFault({ code: 'parent_missing', detail }, false);
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

/** The objects that a proof rests on and that do not belong to the disk by their names, also if they are absent. */
export function otherObjectsOf({ location, metadataObjects }: EdgeProof): EdgeProof['metadataObjects'] {
  const path = parseVmdkPath(location.imagePath);
  return metadataObjects.filter(({ key }) => key !== location.imagePath && path !== null && !isExtentOf(path, key));
}

/** The link as its proof leaves it. Its listing has the files with names of their own that are there. */
export function withSeen(link: VmdkLink, seen: readonly ObjectEntry[]): VmdkLink {
  const others = new Map(seen.map((entry) => [entry.key, entry]));
  const there = [...others.values()].filter(({ size }) => size !== absent.size);
  return { ...link, listing: withOthers(link.named, there), otherKeys: [...others.keys()] };
}

const unnamedParent = 'a parent';
/** What is remembered of an object that is not there. No entry of a listing is like it. */
const absent: Omit<ObjectEntry, 'key'> = { size: -1, modifiedAtMs: 0, etag: null, archived: false };

/** The keys at which the parent may be, the likeliest first; none for a full disk. */
export function parentKeysOf(imagePath: string, { parentContentId, parentPath }: VmdkDescriptor): readonly string[] {
  if (parentContentId === null) return [];
  const folder = parseVmdkPath(imagePath)?.folder ?? '';
  return parentPath === null ? [`${folder}${unnamedParent}`] : keysOfPath(folder, parentPath);
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
