import { createHash } from 'node:crypto';
import { type BackupSync, backupSync, problemsOf } from '@backup-sync/contracts';
import type { BackupRecord } from '../../catalogue/port.ts';
import type { DescribedBackup } from '../../chain/format.ts';
import type { Fault } from '../../chain/link.ts';
import type { TemplateGroup } from './template-groups.ts';

/** Code points of a legal backup_name and resource_name at most. */
const backupNameMax = 64;
const resourceNameMax = 255;
/** Of the hash that keeps shortened names apart. */
const hashDigits = 8;

/**
 * A legal `backup_name`: the name as it is where it has 1 to 64 characters; the backup's id where there is none; of a
 * longer name its first 55 characters, a dash and 8 hex digits of its SHA-256, so that names that begin alike stay apart.
 */
export function legalBackupName(originalName: string | null, backupId: string): string {
  const name = originalName === null || originalName === '' ? backupId : originalName.toWellFormed();
  const characters = Array.from(name);
  if (characters.length <= backupNameMax) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, hashDigits);
  return `${characters.slice(0, backupNameMax - hashDigits - 1).join('')}-${hash}`;
}

/** The item of a sync request for a described backup; a fault where it cannot be said in one. */
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
    resource_name: Array.from(described.resourceName.toWellFormed()).slice(0, resourceNameMax).join(''),
    resource_type: described.resourceType,
    created_at: described.createdAtS,
  });
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error).map(({ place: field, message }) => `${field} ${message}`);
  return { code: 'metadata_unreadable', detail: `no sync request can name it: ${problems.join('; ')}` };
}

/** The item that would bring in this record as it is. */
export function itemOfRecord(record: BackupRecord): BackupSync {
  return {
    backup_id: record.backupId,
    backup_name: record.backupName,
    bucket_name: record.location.bucketName,
    image_path: record.location.imagePath,
    resource_id: record.resourceId,
    resource_name: record.resourceName,
    resource_type: record.resourceType,
    created_at: record.takenAtS,
  };
}

/**
 * What a path says of a backup in no known format. Without a resource in the template the backup stands for itself; its
 * time is that of its newest object.
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
