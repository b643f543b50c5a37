import type { BackupSync } from '@backup-sync/contracts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Acceptance } from '../catalogue/operation-records.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import { queueWork } from '../operations/queue-work.ts';
import type { Services } from '../services.ts';

/** An item to bring in; see `Acceptance` of the catalogue for the time. */
export type ImportWanted = { readonly item: BackupSync; readonly proofsNotBeforeMs: number | null };

/** An import that is on disk. */
export type AcceptedImport = { readonly item: BackupSync; readonly id: string };

/** On whose behalf imports are accepted, and how. */
type Origin = Omit<Acceptance, 'items' | 'acceptedAtMs'>;

/** What accepts imports: work, with the catalogue itself; or a call, with its change in the place of the step. */
type Acceptor = Pick<Services, 'work' | 'world'> & {
  readonly catalogue: { readonly operations: Pick<Catalogue['operations'], 'accept'> };
};

/** Writes imports down, and sees to it that they are worked on. The backlog was told of them before. */
export async function acceptImports(
  { catalogue, work: { storedTimes, storage, queue }, world: { newId } }: Acceptor,
  imports: readonly ImportWanted[],
  origin: Origin,
): Promise<readonly AcceptedImport[]> {
  const items = imports.map(({ item, proofsNotBeforeMs }) => ({
    id: newId(),
    item,
    storageUnitId: storage.id,
    chainRoot: chainRootOf(item.image_path),
    proofsNotBeforeMs,
  }));
  const { ids, chains } = await catalogue.operations.accept({
    ...origin,
    acceptedAtMs: await storedTimes.nowMs(),
    items,
  });
  queueWork(queue, chains);
  return items.map(({ item }, index) => {
    const id = ids[index];
    if (id === undefined) throw new Error('the catalogue accepted fewer items than it was given');
    return { item, id };
  });
}
