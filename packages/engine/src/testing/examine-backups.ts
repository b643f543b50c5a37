import type { BackupSync } from '@backup-sync/contracts';
import { type ChainContext, openChain } from '../chain/examiner.ts';
import type { EdgeProof, Examination } from '../chain/link.ts';
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

/** A catalogue's memory of proofs: the newest of each backup. */
export function rememberProofs() {
  const proofs = new Map<string, EdgeProof>();
  return {
    remember(examinations: readonly (Examination | null)[]) {
      for (const proof of examinations.flatMap((one) => one?.newProofs ?? [])) proofs.set(proof.backupId, proof);
    },
    findProofs: async (ids: readonly string[]) =>
      ids.map((id) => proofs.get(id)).filter((proof) => proof !== undefined),
  };
}
