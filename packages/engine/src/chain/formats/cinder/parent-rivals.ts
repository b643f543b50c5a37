import { quote } from '../../../quote.ts';
import type { Fault } from '../../proof/link.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';
import { findDisagreement, readMetadataOf } from './metadata-proof.ts';
import type { NamedObjects } from './named-objects.ts';
import type { ProofTools } from './proof-tools.ts';

/** Reads the metadata of a link if it agrees with its key; null if it does not, or cannot be read. */
export async function readAgreeing({ context }: ProofTools, link: CinderLink): Promise<CinderMetadata | null> {
  const reading = await readMetadataOf(context, link, null);
  if (reading.kind !== 'read' || findDisagreement(reading.metadata, link) !== null) return null;
  return reading.metadata;
}

/**
 * Whether it is known which of several links of one id is meant: the catalogue has recorded this one, or the run was
 * asked for this one only.
 */
export async function isDecided(
  { context }: ProofTools,
  chosen: CinderLink,
  candidates: readonly CinderLink[],
): Promise<boolean> {
  const [known] = await context.locate(chosen.backupId);
  if (
    known?.storageUnitId === context.storage.id &&
    known.bucketName === chosen.bucketName &&
    known.imagePath === chosen.imagePath
  ) {
    return true;
  }
  const isAskedFor = ({ bucketName, imagePath }: CinderLink) =>
    bucketName === context.bucketName && context.imagePaths.includes(imagePath);
  return isAskedFor(chosen) && candidates.filter(isAskedFor).length === 1;
}

/** Whether two links of one id are copies: the same data at the same places of the volume, on the same parent. Pure. */
export function isCopy(one: CinderMetadata, other: CinderMetadata): boolean {
  if (one.volumeId !== other.volumeId || (one.parentId ?? null) !== (other.parentId ?? null)) return false;
  return haveSameData(one.objects, other.objects);
}

function haveSameData(one: NamedObjects, other: NamedObjects): boolean {
  if (one.count !== other.count) return false;
  for (let place = 0; place < one.count; place += 1) {
    const [row, otherRow] = [one.rowAt(place), other.rowAt(place)];
    const [md5, otherMd5] = [one.md5At(row), other.md5At(otherRow)];
    const isSame =
      one.offsetAt(row) === other.offsetAt(otherRow) &&
      one.lengthAt(row) === other.lengthAt(otherRow) &&
      md5 !== null &&
      otherMd5 !== null &&
      Buffer.compare(md5, otherMd5) === 0;
    if (!isSame) return false;
  }
  return true;
}

export function ambiguityFault(child: CinderLink, one: CinderLink, other: CinderLink): Fault {
  const places = [one, other].map(({ bucketName, imagePath }) => `${bucketName}/${imagePath}`).join(' and ');
  return {
    code: 'parent_ambiguous',
    detail: `parent ${quote(one.backupId)} of ${child.imagePath} is at ${places} with different data, and both fit`,
  };
}
