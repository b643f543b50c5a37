import type { BackupSync } from '@backup-sync/contracts';
import type { BackupRecord } from './backup-records.ts';

/**
 * The item whose import gives this record. It has the name from the sync requests, so that a name set by a person
 * stays.
 */
export function itemOfRecord(record: BackupRecord): BackupSync {
  return {
    backup_id: record.backupId,
    backup_name: record.requestedName ?? record.backupName,
    bucket_name: record.location.bucketName,
    image_path: record.location.imagePath,
    resource_id: record.resourceId,
    resource_name: record.resourceName,
    resource_type: record.resourceType,
    created_at: record.protectedAtS,
  };
}
