import { BackupSyncError } from '@backup-sync/contracts';
import type { CallContext } from '../context.ts';

/** Refuses a call that names a bucket which the project is not bound to, before any request to storage. */
export async function refuseUnboundBuckets(
  context: CallContext,
  projectId: string,
  bucketNames: ReadonlySet<string>,
): Promise<void> {
  const { identityStore, storage } = context.services;
  const bound = await identityStore.bucketsBoundTo(projectId, storage.id);
  if (bound === 'all') return;
  const unbound = [...bucketNames].filter((name) => !bound.includes(name));
  if (unbound.length > 0) {
    throw new BackupSyncError('bucket_not_bound', `the project is not bound to the bucket ${unbound.join(', ')}`);
  }
}
