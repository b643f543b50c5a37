import { Absences } from '../chain/absences.ts';
import type { ChainContext } from '../chain/chain-context.ts';
import { openChain } from '../chain/examiner.ts';
import type { ChainExaminer } from '../chain/format.ts';
import type { Location } from '../chain/proof/link.ts';
import { findListings } from '../imports/find-listings.ts';
import type { OperationRun } from '../operations/run-operation.ts';

/** Opens a chain for a verification. By default, all recorded proofs count. Throws storage errors. */
export function openExaminer(
  run: OperationRun,
  { bucketName }: Pick<Location, 'bucketName'>,
  options: Pick<ChainContext, 'imagePaths' | 'linkageMaxBytes' | 'dataFollows'> &
    Partial<Pick<ChainContext, 'findProofs'>>,
): Promise<ChainExaminer> {
  const {
    catalogue,
    world: { clock },
  } = run.services;
  const { projectId } = run.operation;
  return openChain({
    storage: run.storage,
    bucketName,
    findProofs: (backupIds) => catalogue.backups.findProofs(projectId, backupIds),
    findListings: (backupIds) => findListings(run.services.catalogue, projectId, backupIds),
    provedListing: (backupId, location) => catalogue.backups.provedListing(projectId, backupId, location),
    locate: async (backupId) => (await catalogue.backups.locateBackup(projectId, backupId)).locations,
    projectBuckets: () => catalogue.backups.projectBuckets(projectId, run.storage.id),
    absences: new Absences(),
    readHashes: true,
    nowMs: () => clock.nowMs(),
    signal: run.signal,
    ...options,
  });
}
