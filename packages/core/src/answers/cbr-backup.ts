import { backup } from '@backup-sync/contracts';
import { z } from 'zod';
import { cloudBoolean, cloudTime, orNull } from './fields.ts';

/** Schema of {@link CbrBackup}. */
export const cbrBackup = z.object({
  id: z.string(),
  name: z.string(),
  description: orNull(z.string()),
  checkpoint_id: orNull(z.string()),
  /** In a backup-sync, when the record was created. */
  created_at: cloudTime,
  updated_at: orNull(cloudTime),
  /** In a backup-sync, when the backup was made. */
  protected_at: orNull(cloudTime),
  expired_at: orNull(cloudTime),
  extend_info: orNull(z.record(z.string(), z.unknown())),
  image_type: orNull(z.string()),
  parent_id: orNull(z.string()),
  project_id: orNull(z.string()),
  enterprise_project_id: orNull(z.string()),
  resource_az: orNull(z.string()),
  resource_id: z.string(),
  resource_name: z.string(),
  /** In a backup-sync, GiB, rounded up. */
  resource_size: orNull(z.number()),
  resource_type: z.string(),
  status: z.string(),
  vault_id: orNull(z.string()),
  vault_name: orNull(z.string()),
  provider_id: orNull(z.string()),
  incremental: orNull(cloudBoolean),
  version: orNull(z.number()),
  replication_records: orNull(z.array(z.unknown())),
  children: orNull(z.array(z.unknown())),
  backup_sync: orNull(backup.shape.backup_sync),
});
/**
 * A backup, as any CBR-compatible service returns it. A field that the service omits is null. Times are UTC, in the
 * form `2020-02-05T10:38:34.209782`. `backup_sync` is null if the service is not a backup-sync.
 */
export type CbrBackup = z.output<typeof cbrBackup>;

export const showCbrBackupAnswer = z.object({ backup: cbrBackup });
export const listCbrBackupsAnswer = z.object({
  backups: z.array(cbrBackup),
  count: orNull(z.number()),
  limit: orNull(z.number()),
  offset: orNull(z.number()),
});
