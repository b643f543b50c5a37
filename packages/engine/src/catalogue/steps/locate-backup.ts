import type { Kysely } from 'kysely';
import type { Location } from '../../chain/proof/link.ts';
import { fixedQuery } from '../fixed-query.ts';
import { itemOf } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { unfinishedImports } from './unfinished-imports.ts';

type BackupKey = { readonly projectId: string; readonly backupId: string };

const recordedPlace = fixedQuery((database, { projectId, backupId }: BackupKey) =>
  database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .where('forgotten_at_ms', 'is', null)
    .select(['storage_unit_id', 'bucket_name', 'image_path', 'revision']),
);

const importedPlaces = fixedQuery((database, { projectId, backupId }: BackupKey) =>
  unfinishedImports(database)
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .select(['id', 'storage_unit_id', 'bucket_name', 'item'])
    .orderBy('sequence'),
);

/** Returns where a backup is recorded and being imported from. */
export async function locateBackup(
  database: Kysely<Schema>,
  projectId: string,
  backupId: string,
): Promise<{ readonly revision: number | null; readonly locations: readonly Location[] }> {
  const record = await recordedPlace.first(database, { projectId, backupId });
  const imports = await importedPlaces.all(database, { projectId, backupId });
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
