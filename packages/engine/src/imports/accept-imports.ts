import type { BackupSync } from '@backup-sync/contracts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Acceptance } from '../catalogue/operation-records.ts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import type { Services } from '../services.ts';

/** An item to import. See `Acceptance` of the catalogue for `proofsNotBeforeMs`. */
export type ImportWanted = { readonly item: BackupSync; readonly proofsNotBeforeMs: number | null };

/** An import that is on disk. */
export type AcceptedImport = { readonly item: BackupSync; readonly id: string };

/** For whom imports are accepted, and how. */
type Origin = Omit<Acceptance, 'items' | 'acceptedAtMs'>;

/** Services for accepting imports. Work passes the catalogue itself; a call passes its `change` as the step. */
type Acceptor = Pick<Services, 'work' | 'world'> & {
  readonly catalogue: { readonly operations: Pick<Catalogue['operations'], 'accept'> };
};

/** Writes imports to disk, which queues them. Add them to the backlog first. */
export async function acceptImports(
  { catalogue, work: { storedTimes, storage }, world: { newId } }: Acceptor,
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
  const { ids } = await catalogue.operations.accept({
    ...origin,
    acceptedAtMs: await storedTimes.nowMs(),
    items,
  });
  return items.map(({ item }, index) => {
    const id = ids[index];
    if (id === undefined) throw new Error('the catalogue accepted fewer items than it was given');
    return { item, id };
  });
}
