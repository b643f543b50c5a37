import { type Kysely, type Selectable, sql } from 'kysely';
import type { OperationRow, Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { endOfPrefix } from './end-of-prefix.ts';

/**
 * Stores the run and the source that a record came from, unless they are known. For a record that an import has just
 * written.
 */
export async function noteOrigin(
  database: Kysely<Schema>,
  operation: Pick<Selectable<OperationRow>, 'project_id' | 'backup_id' | 'parent_operation_id'>,
): Promise<void> {
  const { project_id: projectId, backup_id: backupId, parent_operation_id: runId } = operation;
  if (backupId === null || runId === null) return;
  await database
    .updateTable('backups')
    .set({ checkpoint_id: runId })
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .where('checkpoint_id', 'is', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('operations')
          .select('operations.id')
          .where('operations.id', '=', runId)
          .where('operations.source_id', 'is not', null),
      ),
    )
    .execute();
  await adoptRecords(database, projectId, [backupId]);
}

/** Assigns records without a source to the oldest source with them as a member. */
export async function adoptRecords(
  database: Kysely<Schema>,
  projectId: string,
  backupIds: readonly string[],
): Promise<void> {
  for (const some of chunks(backupIds)) {
    await database
      .updateTable('backups')
      .set({
        source_id: sql<string | null>`(
          select min(member.source_id) from source_members as member
            join sources on sources.id = member.source_id
          where member.backup_id = backups.backup_id and member.image_path = backups.image_path
            and sources.project_id = backups.project_id and sources.storage_unit_id = backups.storage_unit_id
            and sources.bucket_name = backups.bucket_name)`,
      })
      .where('project_id', '=', projectId)
      .where('backup_id', 'in', some)
      .where('source_id', 'is', null)
      .execute();
  }
}

/** Removes a source from its records outside a prefix. Each then belongs to its oldest other source, or to none. */
export async function releaseRecords(
  database: Kysely<Schema>,
  projectId: string,
  sourceId: string,
  /** Null removes it from all its records. */
  keptPrefix: string | null,
): Promise<void> {
  let records = database
    .updateTable('backups')
    .set({ source_id: null })
    .where('source_id', '=', sourceId)
    .where('project_id', '=', projectId);
  if (keptPrefix !== null) {
    records = records.where(({ eb, or }) =>
      or([eb('image_path', '<', keptPrefix), eb('image_path', '>=', endOfPrefix(keptPrefix))]),
    );
  }
  const released = await records.returning('backup_id').execute();
  await adoptRecords(
    database,
    projectId,
    released.map((row) => row.backup_id),
  );
}
