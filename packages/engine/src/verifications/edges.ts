import type { ChainData } from '../chain/data.ts';
import type { EdgeProof, Examination } from '../chain/proof/link.ts';
import type { ChainReading } from './open-examiner.ts';

/** The proof of each link up to `linkage`, by its id: made just now, or recorded and still valid. */
export async function edgesOf(
  { services, operation }: ChainReading,
  { newProofs }: Examination,
  { links }: ChainData,
): Promise<ReadonlyMap<string, EdgeProof>> {
  const ids = links.map((link) => link.backupId);
  const recorded = await services.catalogue.backups.findProofs(operation.projectId, ids);
  const edges = new Map([...recorded, ...newProofs].map((proof) => [proof.backupId, proof] as const));
  for (const id of ids) if (!edges.has(id)) throw new Error(`link ${id} has no proof to build on`);
  return edges;
}
