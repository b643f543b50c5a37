import type { Kysely } from 'kysely';
import type { Location } from '../../chain/proof/link.ts';
import { itemOf } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** Returns where a backup is recorded and being imported from. */
export async function locateBackup(
  database: Kysely<Schema>,
  projectId: string,
  backupId: string,
): Promise<{ readonly revision: number | null; readonly locations: readonly Location[] }> {
  const record = await database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .where('forgotten_at_ms', 'is', null)
    .select(['storage_unit_id', 'bucket_name', 'image_path', 'revision'])
    .executeTakeFirst();
  const imports = await unfinishedImports(database)
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .select(['id', 'storage_unit_id', 'bucket_name', 'item'])
    .orderBy('sequence')
    .execute();
  const places = imports.map((row) => ({ ...row, image_path: itemOf(row).image_path }));
  const locations = [...(record === undefined ? [] : [record]), ...places].map(
    (row): Location => ({
      storageUnitId: row.storage_unit_id,
      bucketName: row.bucket_name,
      imagePath: row.image_path,
    }),
  );
  return { revision: record?.revision ?? null, locations };
}
