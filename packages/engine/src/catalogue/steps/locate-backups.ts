import type { Kysely } from 'kysely';
import type { Location } from '../../chain/proof/link.ts';
import type { LocatedBackup } from '../backup-records.ts';
import { fixedQuery } from '../fixed-query.ts';
import { itemOf } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { unfinishedImports } from './unfinished-imports.ts';

type BackupKeys = { readonly projectId: string; readonly ids: readonly string[] };

const recordedPlaces = fixedQuery((database, { projectId, ids }: BackupKeys) =>
  database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', 'in', ids)
    .where('forgotten_at_ms', 'is', null)
    .select(['backup_id', 'storage_unit_id', 'bucket_name', 'image_path', 'revision']),
);

const importedPlaces = fixedQuery((database, { projectId, ids }: BackupKeys) =>
  unfinishedImports(database)
    .where('project_id', '=', projectId)
    .where('backup_id', 'in', ids)
    .select(['id', 'backup_id', 'storage_unit_id', 'bucket_name', 'item'])
    .orderBy('sequence'),
);

/** Returns where backups are recorded and being imported from. */
export async function locateBackups(
  database: Kysely<Schema>,
  projectId: string,
  backupIds: readonly string[],
): Promise<readonly LocatedBackup[]> {
  const located: LocatedBackup[] = [];
  for (const ids of chunks([...new Set(backupIds)])) {
    const records = await recordedPlaces.all(database, { projectId, ids });
    const imports = await importedPlaces.all(database, { projectId, ids });
    const importing = imports.map((row) => ({ ...row, image_path: itemOf(row).image_path }));
    for (const backupId of ids) {
      const record = records.find((row) => row.backup_id === backupId);
      const rows = importing.filter((row) => row.backup_id === backupId);
      const locations = [...(record === undefined ? [] : [record]), ...rows].map(toLocation);
      located.push({ backupId, revision: record?.revision ?? null, locations });
    }
  }
  return located;
}

function toLocation(row: {
  readonly storage_unit_id: string;
  readonly bucket_name: string;
  readonly image_path: string;
}): Location {
  return { storageUnitId: row.storage_unit_id, bucketName: row.bucket_name, imagePath: row.image_path };
}
