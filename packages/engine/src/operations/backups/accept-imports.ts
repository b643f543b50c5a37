import type { BackupSync } from '@backup-sync/contracts';
import type { Acceptance, ChainKey } from '../../catalogue/port.ts';
import { chainRootOf } from '../../chain/examiner.ts';
import type { CallContext } from '../../context.ts';
import type { Services } from '../../services.ts';
import { refuseUnboundBuckets } from './bound-buckets.ts';

/** On whose behalf imports are accepted, and how. */
type Origin = Omit<Acceptance, 'items' | 'acceptedAtMs'>;

/** Accepts the items of a caller's request. Throws `bucket_not_bound`. Returns the answer, in the request's order. */
export async function acceptRequest(
  { services, caller, requestId }: CallContext,
  request: {
    readonly project_id: string;
    readonly sync: readonly BackupSync[];
    readonly with_ancestors: boolean;
  },
): Promise<{ sync: { backup_id: string; operation_log_id: string }[] }> {
  const buckets = request.sync.map((item) => item.bucket_name);
  await refuseUnboundBuckets(services, request.project_id, buckets);
  const accepted = await acceptImports(services, request.sync, {
    projectId: request.project_id,
    actor: { kind: caller.kind, name: caller.name },
    requestId,
    parentOperationId: null,
    withAncestors: request.with_ancestors,
  });
  for (const { chain } of accepted) services.queue.add({ kind: 'chain', chain });
  return { sync: accepted.map(({ item, id }) => ({ backup_id: item.backup_id, operation_log_id: id })) };
}

/** Writes imports down. Whoever calls sees to it that the chains are worked on. */
export async function acceptImports(
  { catalogue, clock, newId, storage }: Services,
  items: readonly BackupSync[],
  origin: Origin,
): Promise<readonly { readonly item: BackupSync; readonly id: string; readonly chain: ChainKey }[]> {
  const rows = items.map((item) => ({
    id: newId(),
    item,
    storageUnitId: storage.id,
    chainRoot: chainRootOf(item.image_path),
  }));
  const ids = await catalogue.accept({ ...origin, acceptedAtMs: clock.nowMs(), items: rows });
  return rows.map(({ item, storageUnitId, chainRoot }, index) => {
    const id = ids[index];
    if (id === undefined) throw new Error('the catalogue accepted fewer items than it was given');
    return { item, id, chain: { projectId: origin.projectId, storageUnitId, bucketName: item.bucket_name, chainRoot } };
  });
}
