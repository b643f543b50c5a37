import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { run } from '../../packages/engine/src/testing/test-database.ts';
import type { LoadedCatalogue } from './load-server.ts';

/** Records of whole backups, the same number for each resource. Ten of them are broken. */
export type CatalogueContent = { readonly records: number; readonly resources: number };

/** Records that are broken. */
const broken = 10;
/** Number of digits of the number of a record in ids, which start at this number. */
const firstNumber = 100_000_000_000;
const idStart = '00000000-0000-4000-a000-';

/** The id of the record with this number, counted from 0. */
export const recordId = (record: number) => `${idStart}${firstNumber + record}`;
export const recordName = (record: number) => `daily-${record}`;
export const resourceId = (resource: number) => `resource-${resource}`;

/**
 * Writes records into a catalogue in one transaction for each table. No server may be running on a data directory
 * meanwhile.
 */
export async function fillCatalogue(
  catalogue: LoadedCatalogue,
  projectId: string,
  storageUnitId: string,
  content: CatalogueContent,
): Promise<void> {
  const statements = statementsFor(projectId, storageUnitId, content);
  if ('BACKUP_SYNC_DATABASE_URL' in catalogue) {
    for (const statement of statements) await run(catalogue.BACKUP_SYNC_DATABASE_URL, statement);
    await run(catalogue.BACKUP_SYNC_DATABASE_URL, 'vacuum analyze');
    return;
  }
  const database = new DatabaseSync(join(catalogue.BACKUP_SYNC_DATA_DIR, 'catalogue.sqlite'));
  try {
    database.exec('PRAGMA cache_size = -262144');
    for (const statement of statements) database.exec(statement);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/** Statements that SQLite and PostgreSQL both understand. Numbers in texts have the same number of digits. */
function statementsFor(projectId: string, storageUnitId: string, { records, resources }: CatalogueContent): string[] {
  const number = `(${firstNumber} + n)`;
  const digest = `'${'0'.repeat(52)}' || ${number}`;
  const isBroken = `n % ${Math.ceil(records / broken)} = 0`;
  return [
    `insert into backups (project_id, backup_id, backup_name, storage_unit_id, bucket_name, image_path, resource_id,
      resource_name, resource_type, protected_at_s, taken_at_ms, taken_at_source, status, reason_code, reason_detail,
      format, content_id, listing_digest, listing_fingerprint, object_count, stored_bytes, newest_object_at_ms, level,
      verified_at_ms, check_version, incremental, volume_bytes, last_operation_id, created_at_ms, updated_at_ms,
      revision)
    with recursive numbers (n) as (
      select cast(0 as bigint) union all select n + 1 from numbers where n + 1 < ${records}
    )
    select '${projectId}', '${idStart}' || ${number}, 'daily-' || n, '${storageUnitId}', 'archive',
      'volume_' || (n % ${resources}) || '/20260301020000/az_nova_backup_' || ${number}, 'resource-' || (n % ${resources}),
      'server-' || (n % ${resources}), 'OS::Cinder::Volume', 1700000000 + n, 1700000000000 + n * 1000, 'request',
      case when ${isBroken} then 'error' else 'available' end,
      case when ${isBroken} then 'object_missing' end, '', 'cinder', ${digest}, ${digest}, ${digest}, 100, 5242880,
      1700000000000 + n * 1000, case when ${isBroken} then null else 'linkage' end, 1700000000000 + n, '1',
      case when n < ${resources} then 0 else 1 end, 1073741824, 'operation-' || n, 1700000000000 + n,
      1700000000000 + n, 1
    from numbers`,
    `insert into resource_heads (project_id, source_id, resource_id, level, backups, backup_id, taken_at_ms,
      taken_at_source)
    with levels (proved) as (values ('presence'), ('metadata'), ('inventory'), ('linkage'))
    select project_id, '', resource_id, proved, count(*), max(backup_id), max(taken_at_ms), 'request'
    from backups cross join levels
    where project_id = '${projectId}' and level is not null group by project_id, resource_id, proved`,
    `insert into resources (project_id, source_id, resource_id, resource_name, backups, proved_levels)
    select project_id, '', resource_id, max(resource_name), count(*), 4 from backups
    where project_id = '${projectId}' group by project_id, resource_id`,
  ];
}
