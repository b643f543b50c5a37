import { type BackupSync, reaches } from '@backup-sync/contracts';
import { type ChainContext, openChain } from '../chain/examiner.ts';
import type { EdgeProof, Examination, Location } from '../chain/link.ts';
import type { StorageUnit } from '../storage/port.ts';
import { chainContext } from './chain-context.ts';

/** Examines backups of one chain root in one run, in the order given. */
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

/** A catalogue's memory of proofs: the newest of each backup, and the listing on which it was last proved whole. */
export function rememberProofs() {
  const proofs = new Map<string, EdgeProof>();
  const provedListings = new Map<string, string>();
  return {
    remember(examinations: readonly (Examination | null)[]) {
      for (const proof of examinations.flatMap((one) => one?.newProofs ?? [])) {
        const { backupId, location, fault, level, listing } = proof;
        proofs.set(backupId, proof);
        if (fault === null && level !== null && reaches(level, 'inventory')) {
          provedListings.set(placeOf(backupId, location), listing.digest);
        }
      }
    },
    findProofs: async (ids: readonly string[]) =>
      ids.map((id) => proofs.get(id)).filter((proof) => proof !== undefined),
    provedListing: async (backupId: string, location: Location) =>
      provedListings.get(placeOf(backupId, location)) ?? null,
  };
}

function placeOf(backupId: string, { storageUnitId, bucketName, imagePath }: Location): string {
  return JSON.stringify([backupId, storageUnitId, bucketName, imagePath]);
}
