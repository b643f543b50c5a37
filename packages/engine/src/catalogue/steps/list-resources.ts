import type { ResourceFilter } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { ResourcePage, ResourceStanding } from '../backup-records.ts';
import type { Schema } from '../schema.ts';
import { acceptCeilings } from './accept-ceilings.ts';
import { keptCount } from './row-counts.ts';

/** A filter of resources by what does not depend on their backups. */
export type ScopedResources = Pick<
  ResourceFilter,
  'project_id' | 'level' | 'source_id' | 'resource_id' | 'resource_name'
>;

/** Returns a page of resources with the newest proved backup of each, by id. */
export async function listResources(
  database: Kysely<Schema>,
  filter: ScopedResources & Pick<ResourceFilter, 'limit' | 'marker' | 'accept_ceiling'>,
): Promise<ResourcePage> {
  const rows = await standingsOf(database, filter, filter.marker)
    .orderBy('resources.resource_id')
    // One more, to know whether there is another page.
    .limit(filter.limit + 1)
    .execute();
  const shown = rows.slice(0, filter.limit);
  const standings = shown.map(rowToStanding);
  return {
    count: await countResources(database, filter),
    rows: filter.accept_ceiling === true ? await acceptCeilings(database, filter, standings) : standings,
    next: rows.length > shown.length ? (shown.at(-1)?.resource_id ?? null) : null,
  };
}

/** Returns how many resources match, from the kept count if all of a scope do. */
export async function countResources(database: Kysely<Schema>, filter: ScopedResources): Promise<number> {
  const { project_id: projectId, source_id: sourceId = '', resource_id: id, resource_name: name } = filter;
  if ((id ?? name) === undefined)
    return await keptCount(database, projectId, { subjects: ['resource'], parts: [sourceId] });
  const { count } = await resourcesOf(database, filter)
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Selects the matching resources. */
export function resourcesOf(database: Kysely<Schema>, filter: ScopedResources) {
  let resources = database
    .selectFrom('resources')
    .where('resources.project_id', '=', filter.project_id)
    .where('resources.source_id', '=', filter.source_id ?? '');
  if (filter.resource_id !== undefined) resources = resources.where('resources.resource_id', '=', filter.resource_id);
  if (filter.resource_name !== undefined) {
    resources = resources.where('resources.resource_name', '=', filter.resource_name);
  }
  return resources;
}

/** Selects the matching resources, after an id if one is given, with the newest proved backup of each. */
export function standingsOf(database: Kysely<Schema>, filter: ScopedResources, after?: string) {
  const resources = resourcesOf(database, filter);
  return (after === undefined ? resources : resources.where('resources.resource_id', '>', after))
    .leftJoin('resource_heads as head', (join) => {
      const heads = join
        .onRef('head.project_id', '=', 'resources.project_id')
        .onRef('head.source_id', '=', 'resources.source_id')
        .onRef('head.resource_id', '=', 'resources.resource_id')
        .on('head.level', '=', filter.level);
      // Without this, PostgreSQL may read the heads of all pages before.
      return after === undefined ? heads : heads.on('head.resource_id', '>', after);
    })
    .leftJoin('retired_resources as retired', (join) =>
      join
        .onRef('retired.project_id', '=', 'resources.project_id')
        .onRef('retired.resource_id', '=', 'resources.resource_id'),
    )
    .select(['resources.resource_id', 'resources.resource_name', 'resources.backups'])
    .select(['head.backups as proved', 'head.backup_id', 'head.taken_at_ms', 'head.taken_at_source'])
    .select('retired.retired_at_ms');
}

type StandingRow = Awaited<ReturnType<ReturnType<typeof standingsOf>['execute']>>[number];

export function rowToStanding(row: StandingRow): ResourceStanding {
  return {
    resourceId: row.resource_id,
    resourceName: row.resource_name,
    backups: row.backups,
    proved: row.proved ?? 0,
    head:
      row.backup_id === null || row.taken_at_ms === null || row.taken_at_source === null
        ? null
        : { backupId: row.backup_id, takenAtMs: row.taken_at_ms, takenAtSource: row.taken_at_source },
    retiredAtMs: row.retired_at_ms,
  };
}
