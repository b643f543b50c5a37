import type { Kysely, SelectQueryBuilder } from 'kysely';
import { itemOf } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import type { ContainedResource, RunContents, SkippedResource, SourceContents } from '../source-records.ts';
import { newestImports } from './run-imports.ts';
import { recordedMembers } from './source-members.ts';

/** Sums up the recorded members of sources. */
export async function contentsOf(
  database: Kysely<Schema>,
  sourceIds: readonly string[],
  resourcesMax: number,
): Promise<readonly SourceContents[]> {
  const contents: SourceContents[] = [];
  for (const sourceId of sourceIds) {
    const resources = await resourcesIn(database, recordedMembers(database, sourceId));
    contents.push({
      sourceId,
      storedBytes: resources.reduce((bytes, resource) => bytes + resource.storedBytes, 0),
      resourceTypes: [...new Set(resources.map(({ type }) => type))],
      resources: await namedAsLast(database, resources.slice(0, resourcesMax), { sourceId }),
    });
  }
  return contents;
}

/** Returns the sources among these that have seen a backup of one of these resources. */
export async function sourcesOfResources(
  database: Kysely<Schema>,
  projectId: string,
  sourceIds: readonly string[],
  resourceIds: readonly string[],
): Promise<readonly string[]> {
  if (sourceIds.length === 0) return [];
  const rows = await database
    .selectFrom('resources')
    .where('project_id', '=', projectId)
    .where('source_id', 'in', sourceIds)
    .where('resource_id', 'in', resourceIds)
    .select('source_id')
    .distinct()
    .execute();
  return rows.map((row) => row.source_id);
}

/** Returns what a run has imported, and what it could not. */
export async function contentsOfRun(
  database: Kysely<Schema>,
  projectId: string,
  runId: string,
  resourcesMax: number,
): Promise<RunContents> {
  const imported = database
    .selectFrom('backups')
    .where('backups.project_id', '=', projectId)
    .where('backups.checkpoint_id', '=', runId)
    .where('backups.forgotten_at_ms', 'is', null);
  const failed = await newestImports(database, runId)
    .where('import.status', 'in', ['failed', 'timeout'])
    .where('import.reason_code', 'is not', null)
    .select(['import.id', 'import.item', 'import.reason_code', 'import.reason_detail'])
    .orderBy('import.sequence')
    .execute();
  const skipped = new Map<string, SkippedResource>();
  for (const row of failed) {
    const { resource_id: id, resource_name: name, resource_type: type } = itemOf(row);
    if (row.reason_code === null || skipped.has(id) || skipped.size === resourcesMax) continue;
    skipped.set(id, { id, name, type, fault: { code: row.reason_code, detail: row.reason_detail } });
  }
  const resources = await resourcesIn(database, imported);
  const shown = await namedAsLast(database, resources.slice(0, resourcesMax), { projectId });
  return { resources: shown, skipped: [...skipped.values()] };
}

/**
 * Gives the resources the names that they have in the listing of resources. A resource with several names has the one
 * recorded last.
 */
async function namedAsLast(
  database: Kysely<Schema>,
  resources: readonly ContainedResource[],
  scope: { readonly sourceId: string } | { readonly projectId: string },
): Promise<readonly ContainedResource[]> {
  if (resources.length === 0) return [];
  const ids = resources.map(({ id }) => id);
  const rows = await database
    .selectFrom('resources')
    .where((eb) => {
      if ('projectId' in scope) return eb.and({ project_id: scope.projectId, source_id: '' });
      const project = eb.selectFrom('sources').where('id', '=', scope.sourceId).select('project_id');
      return eb.and([eb('project_id', '=', project), eb('source_id', '=', scope.sourceId)]);
    })
    .where('resource_id', 'in', ids)
    .select(['resource_id', 'resource_name'])
    .execute();
  const names = new Map(rows.map((row) => [row.resource_id, row.resource_name]));
  return resources.map((resource) => ({ ...resource, name: names.get(resource.id) ?? resource.name }));
}

/** Returns the resources of these records, by id. */
async function resourcesIn(
  database: Kysely<Schema>,
  records: SelectQueryBuilder<Schema, 'backups', object>,
): Promise<readonly ContainedResource[]> {
  const columns = records.select([
    'backups.resource_id',
    'backups.resource_name',
    'backups.resource_type',
    'backups.volume_bytes',
    'backups.stored_bytes',
    'backups.status',
  ]);
  const rows = await database
    // Materialized, because SQLite would otherwise go through everything of the project, in the order of the groups.
    .with(
      (cte) => cte('recorded').materialized(),
      () => columns,
    )
    .selectFrom('recorded')
    .select(({ fn, cast, ref }) => [
      'resource_id',
      fn.max('resource_name').as('name'),
      fn.max('resource_type').as('type'),
      fn.max('volume_bytes').as('volume_bytes'),
      fn.countAll().as('backups'),
      // As a float, because a sum of integers beyond 64 bits is an error.
      fn.sum(cast(ref('stored_bytes'), 'double precision')).as('stored_bytes'),
      fn.min('status').as('best_status'),
    ])
    .groupBy('resource_id')
    .orderBy('resource_id')
    .execute();
  return rows.map((row) => ({
    id: row.resource_id,
    name: row.name,
    type: row.type,
    volumeBytes: row.volume_bytes,
    backups: Number(row.backups),
    storedBytes: Number(row.stored_bytes),
    // Of "available" and "error", the minimum is "available".
    isAvailable: row.best_status === 'available',
  }));
}
