import type { ChainContext } from '../../chain/examiner.ts';
import type { Services } from '../../services.ts';

/** A chain opened on behalf of a project: what the catalogue knows of it is at hand. */
export function chainContextOf(
  { catalogue, clock, linkageMaxBytes }: Services,
  projectId: string,
  chain: Pick<ChainContext, 'storage' | 'bucketName' | 'imagePaths' | 'signal'>,
): ChainContext {
  return {
    ...chain,
    linkageMaxBytes,
    findProofs: (backupIds) => catalogue.findProofs(projectId, backupIds),
    locate: async (backupId) => (await catalogue.showBackup(projectId, backupId))?.location ?? null,
    nowMs: () => clock.nowMs(),
  };
}
