import { type ReasonCode, reasons } from '@backup-sync/contracts';
import type { KnownBackup } from '../../catalogue/known-backup-port.ts';
import { isSuperseded } from '../../chain/etags/superseded-proof.ts';
import type { Location } from '../../chain/link.ts';
import type { Candidate } from './find-candidates.ts';

/** What the catalogue says of the place where a candidate lies. */
export type PlaceAssessment =
  | { readonly kind: 'known' | 'forgotten' | 'changed'; readonly known: KnownBackup }
  | { readonly kind: 'unrecorded' };

/**
 * Compares a candidate with what is recorded at its place. Pure.
 *
 * It is known where the newest proof was made of this very commit mark (or, without one, this very listing), and what it
 * said cannot have changed unseen: a fault that may pass by itself, or that lies in a right to read, is looked at again.
 */
export function assessPlace(candidate: Candidate, known: readonly KnownBackup[], place: Location): PlaceAssessment {
  const here = known.filter(({ record }) => isSamePlace(record.location, place));
  const shown = here.filter(({ isForgotten }) => !isForgotten);
  const unchanged = shown.find(
    (each) => !each.isVanished && !mayHaveMended(each) && isAsProved(candidate, each, place),
  );
  if (unchanged !== undefined) return { kind: 'known', known: unchanged };
  if (shown[0] !== undefined) return { kind: 'changed', known: shown[0] };
  if (here[0] !== undefined) return { kind: 'forgotten', known: here[0] };
  return { kind: 'unrecorded' };
}

/** Whether the newest proof was made of what the listing shows now. */
function isAsProved(candidate: Candidate, { proof }: KnownBackup, place: Location): boolean {
  if (proof === null || isSuperseded(proof) || !isSamePlace(proof.location, place)) return false;
  if (candidate.kind === 'begun') return false;
  if (candidate.kind === 'unknown') return proof.listing.digest === candidate.listing.digest;
  const { key, etag, size, modifiedAtMs } = candidate.mark;
  return proof.metadataObjects.some(
    (read) => read.key === key && read.etag === etag && read.size === size && read.modifiedAtMs === modifiedAtMs,
  );
}

const accessReasons: ReadonlySet<ReasonCode> = new Set(['access_denied', 'archived', 'encrypted_customer_key']);

function mayHaveMended({ record: { reasonCode } }: KnownBackup): boolean {
  return reasonCode !== null && (reasons[reasonCode].retry === 'later' || accessReasons.has(reasonCode));
}

export function isSamePlace(one: Location, other: Location): boolean {
  return (
    one.storageUnitId === other.storageUnitId &&
    one.bucketName === other.bucketName &&
    one.imagePath === other.imagePath
  );
}
