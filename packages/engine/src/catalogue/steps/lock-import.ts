import type { Kysely } from 'kysely';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import { lockParts } from '../locks.ts';
import type { Schema } from '../schema.ts';

const subjectOf = fixedQuery((database, { operationId }: { operationId: string }) =>
  database.selectFrom('operations').where('id', '=', operationId).select(['project_id', 'backup_id']),
);

/** Locks the backup of an operation that may be about to end, or only shares its project if it concerns no backup. */
export async function lockImport(database: Kysely<Schema>, operationId: string): Promise<void> {
  // Not read where no lock is needed.
  if (differencesOf(database).takeLocks === null) return;
  const row = await subjectOf.first(database, { operationId });
  if (row === undefined) return;
  const { project_id: projectId, backup_id: backupId } = row;
  await lockParts(database, projectId, () => (backupId === null ? [] : [['backup', backupId]]));
}
