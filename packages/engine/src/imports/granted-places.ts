import { type BackupSync, BackupSyncError } from '@backup-sync/contracts';
import { chainRootOf } from '../chain/formats/chain-root.ts';
import type { QueryServices, Work } from '../services.ts';
import { describeUngranted, isGranted } from '../storage/grants.ts';

/** The part of a bucket that a call would read: every object whose key begins with `prefix`. */
export type Place = { readonly bucketName: string; readonly prefix: string };

/**
 * Throws `bucket_not_bound` if the project has no grant for one of these places. Call it before any request to storage.
 */
export async function refuseUngranted(
  { catalogue, work: { storage } }: QueryServices & { readonly work: Pick<Work, 'storage'> },
  projectId: string,
  places: Iterable<Place>,
): Promise<void> {
  const grants = await catalogue.grants.listGrants(projectId);
  const refused = new Set<string>();
  for (const { bucketName, prefix } of places) {
    const place = { storageUnitId: storage.id, bucketName, key: prefix };
    if (!isGranted(grants, place)) refused.add(prefix === '' ? bucketName : `${bucketName}/${prefix}`);
  }
  if (refused.size > 0) {
    throw new BackupSyncError('bucket_not_bound', describeUngranted(refused));
  }
}

/** The place of this backup's chain, which is listed from its root. */
export function placeOfItem(item: Pick<BackupSync, 'bucket_name' | 'image_path'>): Place {
  return { bucketName: item.bucket_name, prefix: chainRootOf(item.image_path) };
}
