import { type BackupSync, reaches } from '@backup-sync/contracts';
import type { ChainContext } from '../chain/chain-context.ts';
import { openChain } from '../chain/examiner.ts';
import {
  type EdgeProof,
  type Examination,
  isSameLocation,
  type Location,
  type RecordedListing,
} from '../chain/proof/link.ts';
import type { StorageUnit } from '../storage/port.ts';
import { chainContext } from './chain-context.ts';

/** Examines backups of one chain root in one run, in the given order. */
export async function examineBackups(
  storage: StorageUnit,
  items: readonly BackupSync[],
  changes: Partial<ChainContext> = {},
): Promise<readonly (Examination | null)[]> {
  const imagePaths = items.map((item) => item.image_path);
  const chain = await openChain(chainContext(storage, items[0]?.bucket_name ?? '', imagePaths, changes));
  const examinations: (Examination | null)[] = [];
  for (const item of items) examinations.push(await chain.examine(item));
  return examinations;
}

/** Remembers examinations as a catalogue does: the newest proof of each backup, and its listing. */
export function rememberProofs() {
  const proofs = new Map<string, EdgeProof>();
  const listings = new Map<string, RecordedListing>();
  const provedListings = new Map<string, string>();
  return {
    remember(examinations: readonly (Examination | null)[], items: readonly BackupSync[] = []) {
      for (const proof of examinations.flatMap((one) => one?.newProofs ?? [])) {
        const { backupId, location, fault, level, listing } = proof;
        proofs.set(backupId, proof);
        if (fault === null && level !== null && reaches(level, 'inventory')) {
          provedListings.set(placeOf(backupId, location), listing.digest);
        }
      }
      for (const [index, { backup_id: backupId }] of items.entries()) {
        const examination = examinations[index] ?? null;
        if (examination === null) continue;
        const { digest, fingerprint } = examination.listing;
        listings.set(backupId, { backupId, digest, fingerprint, shared: examination.shared });
      }
    },
    findListings: async (ids: readonly string[]) =>
      ids.map((id) => listings.get(id)).filter((listing) => listing !== undefined),
    findProofs: async (ids: readonly string[]) =>
      ids.map((id) => proofs.get(id)).filter((proof) => proof !== undefined),
    hasRecord: async (backupId: string, location: Location) => {
      const proof = proofs.get(backupId);
      return proof !== undefined && isSameLocation(proof.location, location);
    },
    provedListing: async (backupId: string, location: Location) =>
      provedListings.get(placeOf(backupId, location)) ?? null,
  };
}

function placeOf(backupId: string, { storageUnitId, bucketName, imagePath }: Location): string {
  return JSON.stringify([backupId, storageUnitId, bucketName, imagePath]);
}
