import { type BackupSync, backupSync, problemsOf } from '@backup-sync/contracts';
import type { DescribedBackup } from '../chain/format.ts';
import type { Fault } from '../chain/proof/link.ts';
import { legalBackupName } from '../imports/legal-backup-name.ts';
import { storableName } from '../unicode-form.ts';
import type { TemplateGroup } from './template-groups.ts';

/** Maximum number of code points of a resource name. */
const resourceNameMax = 255;

/** Builds the item of a sync request for a described backup. Returns a fault if its values do not fit one. */
export function itemOf(
  described: DescribedBackup,
  place: { readonly bucketName: string; readonly imagePath: string },
): BackupSync | Fault {
  const parsed = backupSync.safeParse({
    backup_id: described.backupId,
    backup_name: legalBackupName(described.originalName, described.backupId),
    bucket_name: place.bucketName,
    image_path: place.imagePath,
    resource_id: described.resourceId,
    resource_name: Array.from(storableName(described.resourceName)).slice(0, resourceNameMax).join(''),
    resource_type: described.resourceType,
    created_at: described.createdAtS,
  });
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error).map(({ place: field, message }) => `${field} ${message}`);
  return { code: 'metadata_unreadable', detail: `its values do not fit a sync request: ${problems.join('; ')}` };
}

/**
 * Describes a backup in an unknown format by its path. If the template names no resource, the backup's id is used. The
 * time of the newest object is used as the backup's time.
 */
export function describeByPath({ values, listing }: TemplateGroup, resourceType: string): DescribedBackup {
  const backupId = values.get('backup_id') ?? '';
  const resourceId = values.get('resource_id') ?? values.get('resource_name') ?? backupId;
  return {
    backupId,
    originalName: values.get('backup_name') ?? null,
    resourceId,
    resourceName: values.get('resource_name') ?? resourceId,
    resourceType,
    createdAtS: Math.max(0, Math.floor((listing.newestObjectAtMs ?? 0) / 1000)),
    parentBackupId: null,
  };
}
