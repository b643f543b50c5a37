import { BackupSyncError } from '@backup-sync/contracts';
import type { Services } from '../../services.ts';

/** Throws `bucket_not_bound` where one of these buckets is not the project's: before any request to storage. */
export async function refuseUnboundBuckets(
  services: Services,
  projectId: string,
  bucketNames: Iterable<string>,
): Promise<void> {
  const isBound = await boundBuckets(services, projectId);
  const unbound = [...new Set(bucketNames)].filter((name) => !isBound(name));
  if (unbound.length > 0) {
    throw new BackupSyncError('bucket_not_bound', `the project is not bound to the bucket ${unbound.join(', ')}`);
  }
}

/** Which buckets the project is bound to. */
export async function boundBuckets(
  { identityStore, storage }: Services,
  projectId: string,
): Promise<(bucketName: string) => boolean> {
  const bound = await identityStore.bucketsBoundTo(projectId, storage.id);
  return bound === 'all' ? () => true : (bucketName) => bound.includes(bucketName);
}
