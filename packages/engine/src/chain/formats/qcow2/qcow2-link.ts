import type { ObjectEntry } from '../../../storage/port.ts';
import type { FormatContext } from '../../format.ts';
import { ListingDigest } from '../../listing-digest.ts';
import type { PathListing } from '../../path-listings.ts';
import { idOfPlace } from '../../place-id.ts';
import type { Listing } from '../../proof/link.ts';
import type { ListedLink } from '../../proof/proved-link.ts';
import { withReadFaults } from '../../proof/read-fault.ts';
import { type OpenedImage, otherFormatOf, parentKeysOf } from './qcow2-image.ts';
import { shortNameOf } from './qcow2-path.ts';

/** An image as it was last listed. */
export type Qcow2Link = ListedLink & {
  readonly listing: Listing;
  readonly entry: ObjectEntry;
  /** What its child says of its format; null if it is not known as a backing file. */
  readonly backingFormat: string | null;
};

/**
 * The id of an image that no request names. What is proved of a file depends on the format in which a child reads it, so a
 * file that is read in another format than by itself has another id.
 */
export function idOfImage(bucketName: string, key: string, backingFormat: string | null): string {
  const place = `${bucketName}/${key}`;
  const format = otherFormatOf(key, backingFormat);
  return idOfPlace(shortNameOf(key), format === null ? place : `${place}\0${format}`);
}

/** The image in a listing of its image path; null if no object has this key. */
export function linkAt(
  place: PathListing | null,
  { backupId, backingFormat }: Pick<Qcow2Link, 'backupId' | 'backingFormat'>,
): Qcow2Link | null {
  if (place === null || place.ownObject === null) return null;
  const { bucketName, imagePath, ownObject: entry } = place;
  const digest = new ListingDigest();
  digest.add('', entry);
  return { backupId, bucketName, imagePath, listing: digest.finish(), entry, backingFormat };
}

/** What is known of the parent of an image. */
export type ParentSearch = {
  /** The id that the parent has if no request names it; null if the image needs no other. */
  readonly parentId: string | null;
  /** Null if there is none, or if it is not found. */
  readonly parent: Qcow2Link | null;
  /** Where it was looked for. */
  readonly keys: readonly string[];
};

/**
 * Looks for the backing file of an image in its own bucket. Throws `ReadFault` if the project may not list it there, and
 * storage errors.
 */
export async function findParent(
  { listings, locate }: FormatContext,
  { bucketName, imagePath }: Pick<Qcow2Link, 'bucketName' | 'imagePath'>,
  image: OpenedImage,
): Promise<ParentSearch> {
  const keys = parentKeysOf(imagePath, image) ?? [];
  const backingFormat = image.kind === 'qcow2' ? image.header.backingFormat : null;
  const [nearest] = keys;
  const nearestId = nearest === undefined ? null : idOfImage(bucketName, nearest, backingFormat);
  for (const look of ['at', 'again'] as const) {
    // If the parent is recorded after this, its child is examined again.
    if (look === 'again' && nearestId !== null) await locate(nearestId);
    for (const key of keys) {
      const parentId = idOfImage(bucketName, key, backingFormat);
      const place = await withReadFaults(key, () => listings[look](bucketName, key));
      const parent = linkAt(place, { backupId: parentId, backingFormat });
      if (parent !== null) return { parentId, parent, keys };
    }
  }
  return { parentId: nearestId, parent: null, keys };
}
