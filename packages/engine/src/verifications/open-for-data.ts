import type { BackupRecord } from '../catalogue/backup-records.ts';
import type { ChainExaminer } from '../chain/format.ts';
import { isOfData } from '../chain/proof/lasting-fault.ts';
import type { EdgeProof } from '../chain/proof/link.ts';
import { type ChainReading, openExaminer } from './open-examiner.ts';

/**
 * Opens a chain whose data is to be read. Reuses no recorded fault, because a fault in data may have been fixed without
 * a change in the listing. Adds each fault of data that it leaves out to `mismatches`.
 */
export function openForData(
  reading: ChainReading,
  { location: { bucketName, imagePath } }: BackupRecord,
  mismatches: Map<string, EdgeProof>,
  { reusesProofs }: { readonly reusesProofs: boolean },
): Promise<ChainExaminer> {
  const findProofs = async (backupIds: readonly string[]) => {
    const proofs = await reading.services.catalogue.backups.findProofs(reading.operation.projectId, backupIds);
    for (const proof of proofs)
      if (proof.fault !== null && isOfData(proof.fault.code)) mismatches.set(proof.backupId, proof);
    return reusesProofs ? proofs.filter(({ fault }) => fault === null) : [];
  };
  return openExaminer(
    reading,
    { bucketName },
    {
      imagePaths: [imagePath],
      findProofs,
      // A caller who wants the data read wants the hashes read too, however many.
      linkageMaxBytes: Number.POSITIVE_INFINITY,
      dataFollows: true,
    },
  );
}
