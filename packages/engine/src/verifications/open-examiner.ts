import { Absences } from '../chain/absences.ts';
import type { ChainContext } from '../chain/chain-context.ts';
import { openChain } from '../chain/examiner.ts';
import type { ChainExaminer } from '../chain/format.ts';
import type { Location } from '../chain/proof/link.ts';
import { findListings } from '../imports/find-listings.ts';
import type { OperationRun } from '../operations/run-operation.ts';

/** What a worker needs to read a chain for a verification. */
export type ChainReading = Pick<OperationRun, 'operation' | 'services' | 'storage' | 'signal'>;

/** Opens a chain for a verification. By default, all recorded proofs count. Throws storage errors. */
export function openExaminer(
  reading: ChainReading,
  { bucketName }: Pick<Location, 'bucketName'>,
  options: Pick<ChainContext, 'imagePaths' | 'linkageMaxBytes' | 'dataFollows'> &
    Partial<Pick<ChainContext, 'findProofs'>>,
): Promise<ChainExaminer> {
  const {
    catalogue,
    world: { clock },
  } = reading.services;
  const { projectId } = reading.operation;
  return openChain({
    storage: reading.storage,
    bucketName,
    findProofs: (backupIds) => catalogue.backups.findProofs(projectId, backupIds),
    findListings: (backupIds) => findListings(reading.services.catalogue, projectId, backupIds),
    provedListing: (backupId, location) => catalogue.backups.provedListing(projectId, backupId, location),
    locate: async (backupId) => {
      const [located] = await catalogue.backups.locateBackups(projectId, [backupId]);
      return located?.locations ?? [];
    },
    // Only what has a record is verified.
    hasRecord: async () => true,
    projectBuckets: () => catalogue.backups.projectBuckets(projectId, reading.storage.id),
    absences: new Absences(),
    readHashes: true,
    trustedRoots: reading.services.work.trustedRoots(),
    nowMs: () => clock.nowMs(),
    signal: reading.signal,
    ...options,
  });
}
