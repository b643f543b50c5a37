import type { KnownBackup } from '../catalogue/known-backup.ts';
import { formats } from '../chain/formats/formats.ts';
import { isLasting, reasonsOfParent } from '../chain/proof/lasting-fault.ts';
import { isSameLocation, type Location } from '../chain/proof/link.ts';
import type { TrustedRoots } from '../trusted-roots.ts';
import type { Sighting } from './compare-listing.ts';

/** The catalogue's knowledge of a place where the listing showed objects. */
export type PlaceAssessment =
  | { readonly kind: 'known' | 'forgotten' | 'changed'; readonly known: KnownBackup }
  | { readonly kind: 'unrecorded' };

/**
 * Compares what the listing shows at a place with the records of that place. Pure.
 *
 * A backup is known if all its objects are as they were recorded and its verdict cannot have changed unseen. These
 * are examined again:
 * - a fault that may pass by itself, or that comes from a missing permission to read;
 * - a fault of a parent that is whole now (`mendedParents`);
 * - a verdict of an earlier check, or with other trusted roots, that the present check may not share.
 *
 * What is part of a package counts as unrecorded: the caller finds out whether it still is.
 */
export function assessPlace(
  { likeness }: Sighting,
  known: readonly KnownBackup[],
  place: Location,
  mendedParents: ReadonlySet<string>,
  trustedRoots: TrustedRoots,
): PlaceAssessment {
  const here = known.filter(({ record, partOf }) => partOf === null && isSameLocation(record.location, place));
  const shown = here.filter(({ isForgotten }) => !isForgotten);
  const unchanged = shown.find(
    (each) =>
      likeness.get(each.record.backupId) === 'same' &&
      !each.isVanished &&
      !mayHaveMended(each) &&
      !isOfEarlierCheck(each, trustedRoots) &&
      !isOfMendedParent(each, mendedParents),
  );
  if (unchanged !== undefined) return { kind: 'known', known: unchanged };
  if (shown[0] !== undefined) return { kind: 'changed', known: shown[0] };
  if (here[0] !== undefined) return { kind: 'forgotten', known: here[0] };
  return { kind: 'unrecorded' };
}

/** The parent that is the reason why a recorded backup is in error. Null if no parent is. */
export function parentAtFault({ record: { fault, parentBackupId } }: KnownBackup): string | null {
  return fault !== null && reasonsOfParent.includes(fault.code) ? parentBackupId : null;
}

function isOfEarlierCheck({ record, proof }: KnownBackup, trustedRoots: TrustedRoots): boolean {
  return formats[record.format].isOutdated({ checkVersion: record.checkVersion, proof }, trustedRoots);
}

function isOfMendedParent(known: KnownBackup, mendedParents: ReadonlySet<string>): boolean {
  const parent = parentAtFault(known);
  return parent !== null && mendedParents.has(parent);
}

function mayHaveMended({ record: { fault } }: KnownBackup): boolean {
  return fault !== null && !isLasting(fault.code);
}
