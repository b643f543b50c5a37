import type { ResourceFilter } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { Page, ResourceStanding } from '../backup-records.ts';
import type { Schema } from '../schema.ts';
import { keptCount } from './row-counts.ts';

/** Returns a page of resources with the newest proved backup of each. */
export async function listResources(database: Kysely<Schema>, filter: ResourceFilter): Promise<Page<ResourceStanding>> {
  let resources = database
    .selectFrom('resources')
    .where('resources.project_id', '=', filter.project_id)
    .where('resources.source_id', '=', filter.source_id ?? '');
  if (filter.resource_id !== undefined) resources = resources.where('resources.resource_id', '=', filter.resource_id);
  const count =
    filter.resource_id === undefined
      ? await keptCount(database, filter.project_id, { subjects: ['resource'], parts: [filter.source_id ?? ''] })
      : (await resources.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow()).count;
  if (filter.marker !== undefined) resources = resources.where('resources.resource_id', '>', filter.marker);
  const rows = await resources
    .leftJoin('resource_heads as head', (join) =>
      join
        .onRef('head.project_id', '=', 'resources.project_id')
        .onRef('head.source_id', '=', 'resources.source_id')
        .onRef('head.resource_id', '=', 'resources.resource_id')
        .on('head.level', '=', filter.level),
    )
    .leftJoin('retired_resources as retired', (join) =>
      join
        .onRef('retired.project_id', '=', 'resources.project_id')
        .onRef('retired.resource_id', '=', 'resources.resource_id'),
    )
    .select(['resources.resource_id', 'resources.resource_name', 'resources.backups'])
    .select(['head.backups as proved', 'head.backup_id', 'head.taken_at_ms', 'head.taken_at_source'])
    .select('retired.retired_at_ms')
    .orderBy('resources.resource_id')
    .limit(filter.limit)
    .execute();
  return {
    count: Number(count),
    rows: rows.map((row) => ({
      resourceId: row.resource_id,
      resourceName: row.resource_name,
      backups: row.backups,
      proved: row.proved ?? 0,
      head:
        row.backup_id === null || row.taken_at_ms === null || row.taken_at_source === null
          ? null
          : { backupId: row.backup_id, takenAtMs: row.taken_at_ms, takenAtSource: row.taken_at_source },
      retiredAtMs: row.retired_at_ms,
    })),
  };
}
