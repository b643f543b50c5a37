import { counted } from '@backup-sync/contracts';
import { printable } from '../../../quote.ts';
import type { FormatContext, KeyOwner } from '../../format.ts';
import { minioAdvice } from '../../minio-layout.ts';
import type { PathListing } from '../../path-listings.ts';
import type { Fault } from '../../proof/link.ts';
import { unreadableMetadata } from '../../proof/young-metadata.ts';
import { PlaceOutline } from './place-outline.ts';

/**
 * Finds out why a place in no known format is not even an unknown backup: it has no content, it or most of its
 * content belongs to backups with other image paths, or it is in MinIO's own disk layout. Null if it may be a backup. Throws
 * storage errors.
 */
export async function findRefusal(context: FormatContext, place: PathListing): Promise<Fault | null> {
  const { bucketName, imagePath, listing } = place;
  const at = `${bucketName}/${imagePath}`;
  const owner = context.findOwner(imagePath);
  if (owner !== null && owner.imagePath !== imagePath) return await refusePart(context, place, owner);
  if (listing.storedBytes === 0) {
    const objects = counted(listing.objectCount, 'empty object');
    return { code: 'path_not_found', detail: printable(`${at} has only ${objects}, such as a folder marker`) };
  }
  const outline = new PlaceOutline(imagePath, context.findOwner);
  let isOneObject = false;
  await context.listings.visit(place, ({ key, size, md5 }) => {
    isOneObject = listing.objectCount === 1 && key.length === 0;
    outline.add(key.toString(), size, md5 !== null);
  });
  const mostOf = outline.finish();
  if (mostOf === 'minio') return minioRefusal(at);
  if (mostOf === 'backup') {
    const others = outline.hasMore ? ', and others' : '';
    return notABackup(`${at} contains parts of other backups: ${outline.imagePaths.join(', ')}${others}`);
  }
  // For a folder, the listing alone decides: most backups in no known format are folders.
  const naming = isOneObject ? await context.findNamingBackup(imagePath) : null;
  return naming === null ? null : notABackup(`${at} is part of ${naming}`);
}

/** Refuses a path that is part of another backup by its name. Of plain files, the descriptor of that may be lost. */
async function refusePart(
  { listings, nowMs }: FormatContext,
  { bucketName, imagePath, ownObject }: PathListing,
  owner: KeyOwner,
): Promise<Fault> {
  const at = `${bucketName}/${imagePath}`;
  const isLost =
    owner.isOfPlainFiles === true && ((await listings.at(bucketName, owner.imagePath))?.ownObject ?? null) === null;
  if (!isLost) return notABackup(`${at} is part of ${owner.imagePath}`);
  const detail = printable(`${at} is part of a disk whose descriptor ${owner.imagePath} is not there`);
  return unreadableMetadata({ detail, truncated: true }, ownObject, nowMs());
}

/** Refuses a path at which nothing is listed, with objects in the disk layout of MinIO next to it. */
export function minioRefusal(at: string): Fault {
  return notABackup(`${at} is in ${minioAdvice}`);
}

function notABackup(detail: string): Fault {
  return { code: 'path_not_a_backup', detail: printable(detail) };
}
