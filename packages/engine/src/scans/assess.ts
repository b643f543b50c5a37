import type { KnownBackup } from '../catalogue/known-backup.ts';
import { formats } from '../chain/formats/formats.ts';
import { isLasting, reasonsOfParent } from '../chain/proof/lasting-fault.ts';
import { isSameLocation, type Location } from '../chain/proof/link.ts';
import type { Sighting } from './compare-listing.ts';

/** What the catalogue says of a place at which something was seen. */
export type PlaceAssessment =
  | { readonly kind: 'known' | 'forgotten' | 'changed'; readonly known: KnownBackup }
  | { readonly kind: 'unrecorded' };

/**
 * Compares what was seen at a place with what is recorded there. Pure.
 *
 * It is known if all its objects are as they were recorded, and if what was said of it cannot have changed unseen: a fault
 * that may pass by itself, or that lies in a right to read, is looked at again, and so is one of a parent that is whole by
 * now (`mendedParents`), and what an earlier check has said that this one may not.
 */
export function assessPlace(
  { likeness }: Sighting,
  known: readonly KnownBackup[],
  place: Location,
  mendedParents: ReadonlySet<string>,
): PlaceAssessment {
  const here = known.filter(({ record }) => isSameLocation(record.location, place));
  const shown = here.filter(({ isForgotten }) => !isForgotten);
  const unchanged = shown.find(
    (each) =>
      likeness.get(each.record.backupId) === 'same' &&
      !each.isVanished &&
      !mayHaveMended(each) &&
      !isOfEarlierCheck(each) &&
      !isOfMendedParent(each, mendedParents),
  );
  if (unchanged !== undefined) return { kind: 'known', known: unchanged };
  if (shown[0] !== undefined) return { kind: 'changed', known: shown[0] };
  if (here[0] !== undefined) return { kind: 'forgotten', known: here[0] };
  return { kind: 'unrecorded' };
}

/** The parent in which the reason of a recorded backup lies; null if it lies in none. */
export function parentAtFault({ record: { fault, parentBackupId } }: KnownBackup): string | null {
  return fault !== null && reasonsOfParent.includes(fault.code) ? parentBackupId : null;
}

function isOfEarlierCheck({ record, proof }: KnownBackup): boolean {
  return formats[record.format].isOutdated({ checkVersion: record.checkVersion, proof });
}

function isOfMendedParent(known: KnownBackup, mendedParents: ReadonlySet<string>): boolean {
  const parent = parentAtFault(known);
  return parent !== null && mendedParents.has(parent);
}

function mayHaveMended({ record: { fault } }: KnownBackup): boolean {
  return fault !== null && !isLasting(fault.code);
}
