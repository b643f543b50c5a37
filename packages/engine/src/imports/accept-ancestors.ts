import { type BackupSync, backupSync } from '@backup-sync/contracts';
import type { ItemOperation } from '../catalogue/operation-records.ts';
import { describeBackup, findNamingPackage } from '../chain/examiner.ts';
import type { Ancestor } from '../chain/proof/link.ts';
import { ReadFault } from '../chain/proof/read-fault.ts';
import type { Services } from '../services.ts';
import type { StorageUnit } from '../storage/port.ts';
import { acceptImports } from './accept-imports.ts';
import { legalBackupName } from './legal-backup-name.ts';

/** The largest value of `created_at`, in seconds since 1970. */
const createdAtMaxS = 2 ** 31 - 1;

type Reader = { readonly storage: StorageUnit; readonly signal: AbortSignal };

/**
 * Accepts imports of those ancestors that are not recorded, as children of their child's import. The project may read
 * all of them. Returns how many were accepted. Throws storage errors.
 */
export async function acceptAncestors(
  services: Services,
  reader: Reader,
  child: ItemOperation,
  ancestors: readonly Ancestor[],
): Promise<number> {
  const items: BackupSync[] = [];
  for (const ancestor of ancestors.toReversed()) {
    // A copy under the child's own id must not be imported after it.
    if (ancestor.backupId === child.item.backup_id) continue;
    if (ancestor.location.storageUnitId !== services.work.storage.id) continue;
    if ((await services.catalogue.backups.showBackup(child.projectId, ancestor.backupId)) !== null) continue;
    const item = await itemOf(reader, ancestor, child.item);
    if (item !== null) items.push(item);
  }
  if (items.length === 0) return 0;
  const imports = items.map((item) => ({ item, proofsNotBeforeMs: null }));
  services.work.backlog.grow(child.projectId, imports.length);
  const accepted = await acceptImports(services, imports, {
    projectId: child.projectId,
    actor: child.actor,
    requestId: child.requestId,
    parentOperationId: child.id,
    withAncestors: false,
    lane: child.lane,
  });
  return accepted.length;
}

/**
 * Builds the item of an ancestor. Null if its metadata does not allow it: the child's operation then reports that
 * fault.
 */
async function itemOf(reader: Reader, { backupId, location }: Ancestor, child: BackupSync): Promise<BackupSync | null> {
  const { bucketName, imagePath } = location;
  // A disk of a package is not recorded by itself, even if others build on it.
  if ((await findNamingPackage({ ...reader, bucketName }, imagePath)) !== null) return null;
  try {
    const described = await describeBackup({ ...reader, bucketName }, imagePath);
    if (described === null) return null;
    const item = backupSync.safeParse({
      backup_id: backupId,
      backup_name: legalBackupName(described.originalName, backupId),
      bucket_name: bucketName,
      image_path: imagePath,
      // The links of a chain have one resource, and the caller has named it.
      resource_id: child.resource_id,
      resource_name: child.resource_name,
      resource_type: child.resource_type,
      created_at: Math.min(described.createdAtS, createdAtMaxS),
    });
    return item.success ? item.data : null;
  } catch (error) {
    if (error instanceof ReadFault) return null;
    throw error;
  }
}
