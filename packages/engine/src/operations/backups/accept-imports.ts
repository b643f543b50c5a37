import type { BackupSync } from '@backup-sync/contracts';
import type { Actor, ChainKey } from '../../catalogue/port.ts';
import { chainRootOf } from '../../chain/examiner.ts';
import type { Services } from '../../services.ts';

/** An item to bring in; see `Acceptance` of the catalogue for the time. */
export type ImportWanted = { readonly item: BackupSync; readonly proofsNotBeforeMs: number | null };

/**
 * Accepts imports: when this has answered, every item is on disk and will reach an end. Answers one operation id for
 * each, in their order.
 */
export async function acceptImports(
  services: Services,
  request: {
    readonly projectId: string;
    readonly actor: Actor;
    readonly requestId: string;
    readonly parentOperationId: string | null;
    readonly imports: readonly ImportWanted[];
  },
): Promise<readonly string[]> {
  const { catalogue, clock, newId, queue, storage } = services;
  const { projectId, imports, ...origin } = request;
  const items = imports.map(({ item, proofsNotBeforeMs }) => ({
    id: newId(),
    item,
    storageUnitId: storage.id,
    chainRoot: chainRootOf(item.image_path),
    proofsNotBeforeMs,
  }));
  const ids = await catalogue.accept({ ...origin, projectId, acceptedAtMs: clock.nowMs(), items });
  for (const { item, storageUnitId, chainRoot } of items) {
    const chain: ChainKey = { projectId, storageUnitId, bucketName: item.bucket_name, chainRoot };
    queue.add({ kind: 'chain', chain });
  }
  return ids;
}
