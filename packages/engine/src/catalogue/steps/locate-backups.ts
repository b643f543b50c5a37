import { type Kysely, sql } from 'kysely';
import type { Location } from '../../chain/proof/link.ts';
import type { LocatedBackup } from '../backup-records.ts';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import { oneQuery } from '../one-query.ts';
import { itemOf } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** `ids` is a list, see `Differences`. */
type BackupKeys = { readonly projectId: string; readonly ids: string };

/** A record, or an unfinished import with its item. */
type Place = {
  readonly backup_id: string | null;
  readonly storage_unit_id: string;
  readonly bucket_name: string;
  readonly image_path: string | null;
  readonly revision: number | null;
  readonly item: string | null;
  readonly sequence: number;
  readonly id: string;
};

function recordedPlaces(database: Kysely<Schema>, { projectId, ids }: BackupKeys) {
  return database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where(({ ref }) => differencesOf(database).isAmong(ref('backup_id'), ids))
    .where('forgotten_at_ms', 'is', null)
    .select(['backup_id', 'storage_unit_id', 'bucket_name', 'image_path', 'revision'])
    .select([sql`null`.as('item'), sql`0`.as('sequence'), sql`''`.as('id')])
    .$castTo<Place>();
}

function importedPlaces(database: Kysely<Schema>, { projectId, ids }: BackupKeys) {
  return unfinishedImports(database)
    .where('project_id', '=', projectId)
    .where(({ ref }) => differencesOf(database).isAmong(ref('backup_id'), ids))
    .select(['backup_id', 'storage_unit_id', 'bucket_name'])
    .select([sql`null`.as('image_path'), sql`null`.as('revision')])
    .select(['item', 'sequence', 'id'])
    .$castTo<Place>();
}

const places = fixedQuery((database, keys: BackupKeys) =>
  recordedPlaces(database, keys).unionAll(importedPlaces(database, keys)).orderBy('sequence'),
);

/** Returns where backups are recorded and being imported from. */
export const locateBackups = oneQuery({
  query: places,
  values: ({ asList }, projectId: string, backupIds: readonly string[]) => ({ projectId, ids: asList(backupIds) }),
  answer: (rows, _: string, backupIds: readonly string[]): readonly LocatedBackup[] => {
    const ofBackup = Map.groupBy(rows, (row) => row.backup_id);
    return [...new Set(backupIds)].map((backupId) => {
      const ofThis = ofBackup.get(backupId) ?? [];
      return {
        backupId,
        revision: ofThis.find((row) => row.item === null)?.revision ?? null,
        locations: ofThis.map(toLocation),
      };
    });
  },
});

function toLocation(row: Place): Location {
  return {
    storageUnitId: row.storage_unit_id,
    bucketName: row.bucket_name,
    imagePath: row.image_path ?? itemOf(row).image_path,
  };
}
