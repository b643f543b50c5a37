import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Writes records of whole backups into a closed data directory, 100 for each resource, in one transaction. */
export function fillCatalogue(dataDirectory: string, projectId: string, storageUnitId: string, records: number): void {
  const database = new DatabaseSync(join(dataDirectory, 'catalogue.sqlite'));
  try {
    database.exec('PRAGMA cache_size = -262144; BEGIN');
    database
      .prepare(
        `with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < ?)
        insert into backups (project_id, backup_id, backup_name, storage_unit_id, bucket_name, image_path, resource_id,
          resource_name, resource_type, protected_at_s, taken_at_ms, taken_at_source, status, reason_detail, format,
          content_id, listing_digest, listing_fingerprint, object_count, stored_bytes, newest_object_at_ms, level,
          verified_at_ms, check_version, incremental, volume_bytes, last_operation_id, created_at_ms, updated_at_ms,
          revision)
        select ?, printf('00000000-0000-4000-a000-%012x', n), 'daily-' || n, ?, 'archive',
          printf('volume_%08x/20260301020000/az_nova_backup_%012x', n / 100, n), printf('resource-%08x', n / 100),
          'server-' || (n / 100), 'OS::Cinder::Volume', 1700000000 + n, 1700000000000 + n * 1000, 'request',
          'available', '', 'cinder', printf('%064x', n), printf('%064x', n), printf('%064x', n), 100, 5242880,
          1700000000000 + n * 1000, 'linkage', 1700000000000 + n, '1', n % 100 > 0, 1073741824,
          printf('operation-%x', n), 1700000000000 + n, 1700000000000 + n, 1
        from numbers`,
      )
      .run(records, projectId, storageUnitId);
    database
      .prepare(
        `insert into resources (project_id, source_id, resource_id, resource_name, backups)
        select project_id, '', resource_id, max(resource_name), count(*) from backups group by project_id, resource_id`,
      )
      .run();
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}
