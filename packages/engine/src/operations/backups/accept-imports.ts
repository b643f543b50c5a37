import type { BackupSync } from '@backup-sync/contracts';
import type { Acceptance, ChainKey } from '../../catalogue/port.ts';
import { chainRootOf } from '../../chain/examiner.ts';
import type { CallContext } from '../../context.ts';
import type { Services } from '../../services.ts';
import { placeOfItem, refuseUngranted } from './granted-places.ts';

/** An item to bring in; see `Acceptance` of the catalogue for the time. */
export type ImportWanted = { readonly item: BackupSync; readonly proofsNotBeforeMs: number | null };

/** An import that is on disk. */
export type AcceptedImport = { readonly item: BackupSync; readonly id: string; readonly chain: ChainKey };

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
  await refuseUngranted(services, request.project_id, request.sync.map(placeOfItem));
  const imports = request.sync.map((item) => ({ item, proofsNotBeforeMs: null }));
  const accepted = await acceptImports(services, imports, {
    projectId: request.project_id,
    actor: { kind: caller.kind, name: caller.name },
    requestId,
    parentOperationId: null,
    withAncestors: request.with_ancestors,
  });
  queueImports(services, accepted);
  return { sync: accepted.map(({ item, id }) => ({ backup_id: item.backup_id, operation_log_id: id })) };
}

/** Writes imports down. Whoever calls sees to it that the chains are worked on. */
export async function acceptImports(
  { catalogue, storedTimes, newId, storage }: Services,
  imports: readonly ImportWanted[],
  origin: Origin,
): Promise<readonly AcceptedImport[]> {
  const rows = imports.map(({ item, proofsNotBeforeMs }) => ({
    id: newId(),
    item,
    storageUnitId: storage.id,
    chainRoot: chainRootOf(item.image_path),
    proofsNotBeforeMs,
  }));
  const ids = await catalogue.accept({ ...origin, acceptedAtMs: await storedTimes.nowMs(), items: rows });
  return rows.map(({ item, storageUnitId, chainRoot }, index) => {
    const id = ids[index];
    if (id === undefined) throw new Error('the catalogue accepted fewer items than it was given');
    return { item, id, chain: { projectId: origin.projectId, storageUnitId, bucketName: item.bucket_name, chainRoot } };
  });
}

/** Sees to it that accepted imports are worked on. */
export function queueImports({ queue }: Services, accepted: readonly AcceptedImport[]): void {
  for (const { chain } of accepted) queue.add({ kind: 'chain', chain, lane: 'mass', notBeforeMs: null });
}
