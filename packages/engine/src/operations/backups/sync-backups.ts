import { BackupSyncError } from '@backup-sync/contracts';
import type { ChainKey } from '../../catalogue/port.ts';
import { chainRootOf } from '../../chain/examiner.ts';
import type { CallContext, Verb } from '../../context.ts';

/**
 * Accepts backups to be brought into the catalogue: when this has answered, every item is on disk and will reach an
 * end. The answer keeps the order of the request.
 */
export const syncBackups: Verb<'syncBackups'> = async (context, input) => {
  await refuseUnboundBuckets(context, input.project_id, new Set(input.sync.map((item) => item.bucket_name)));
  const { catalogue, clock, newId, queue, storage } = context.services;
  const items = input.sync.map((item) => ({
    id: newId(),
    item,
    storageUnitId: storage.id,
    chainRoot: chainRootOf(item.image_path),
  }));
  const ids = await catalogue.accept({
    projectId: input.project_id,
    actor: { kind: context.caller.kind, name: context.caller.name },
    requestId: context.requestId,
    acceptedAtMs: clock.nowMs(),
    items,
  });
  for (const { item, storageUnitId, chainRoot } of items) {
    const chain: ChainKey = { projectId: input.project_id, storageUnitId, bucketName: item.bucket_name, chainRoot };
    queue.add({ kind: 'chain', chain });
  }
  return {
    sync: input.sync.map((item, index) => {
      const id = ids[index];
      if (id === undefined) throw new Error('the catalogue accepted fewer items than it was given');
      return { backup_id: item.backup_id, operation_log_id: id };
    }),
  };
};

async function refuseUnboundBuckets(
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
