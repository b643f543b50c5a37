import { type Kysely, sql } from 'kysely';
import type { ResourceStanding } from '../backup-records.ts';
import {
  type MeasuredHead,
  measuredLevels,
  type ProjectMeasure,
  type ResourceMeasure,
  type ResourceState,
} from '../measure-records.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { rowToStanding, standingsOf } from './list-resources.ts';
import { listWorstResources } from './list-worst-resources.ts';

/** Returns up to `limit` resources of these projects; see `measureCatalogue` for which ones. */
export async function measureResources(
  database: Kysely<Schema>,
  projects: readonly ProjectMeasure[],
  limit: number,
  nowMs: number,
): Promise<readonly ResourceMeasure[]> {
  const measured: ResourceMeasure[] = [];
  // The smallest first, so that what they leave of their shares is known when the larger ones come.
  const bySize = projects.filter(({ resources }) => resources > 0).toSorted((a, b) => a.resources - b.resources);
  for (const [index, { projectId }] of bySize.entries()) {
    const share = Math.floor((limit - measured.length) / (bySize.length - index));
    if (share === 0) continue;
    const filter = { project_id: projectId, level: 'linkage', limit: share } as const;
    const failed = await listFailed(database, projectId, share);
    const page = await listWorstResources(database, filter, { nowMs, maxAgeS: null });
    if (page === 'marker_not_found') throw new TypeError('a list without a marker begins at the first resource');
    const failedIds = new Set(failed.map(({ resourceId }) => resourceId));
    const worst = [...failed, ...page.rows.filter(({ resourceId }) => !failedIds.has(resourceId))].slice(0, share);
    for (const standings of chunks(worst)) {
      measured.push(...(await measureEach(database, projectId, standings)));
    }
  }
  return measured;
}

/**
 * Returns the first resources by id that are not retired, and of which a backup in error is newer than the newest proved
 * one. It reads one entry of the index of backups in error for each resource that has any.
 */
async function listFailed(
  database: Kysely<Schema>,
  projectId: string,
  limit: number,
): Promise<readonly ResourceStanding[]> {
  // The status is no parameter: the index has only this one.
  const { rows } = await sql<{ resource_id: string }>`with recursive found(resource_id) as (
      select min(resource_id) from backups
      where project_id = ${projectId} and resource_id > '' and forgotten_at_ms is null and status = 'error'
      union all
      select (
        select min(each.resource_id) from backups as each
        where each.project_id = ${projectId} and each.resource_id > found.resource_id
          and each.forgotten_at_ms is null and each.status = 'error'
      ) from found where found.resource_id is not null
    )
    select found.resource_id from found
    where found.resource_id is not null
      and not exists (
        select 1 from retired_resources as retired
        where retired.project_id = ${projectId} and retired.resource_id = found.resource_id
      )
      and (
        select max(each.taken_at_ms) from backups as each
        where each.project_id = ${projectId} and each.resource_id = found.resource_id
          and each.forgotten_at_ms is null and each.status = 'error'
      ) > coalesce((
        select head.taken_at_ms from resource_heads as head
        where head.project_id = ${projectId} and head.source_id = '' and head.resource_id = found.resource_id
          and head.level = 'linkage'
      ), ${sql.lit(Number.MIN_SAFE_INTEGER)})
    limit ${limit}`.execute(database);
  const standings: ResourceStanding[] = [];
  for (const some of chunks(rows)) {
    const ids = some.map((row) => row.resource_id);
    const found = await standingsOf(database, { project_id: projectId, level: 'linkage' })
      .where('resources.resource_id', 'in', ids)
      .orderBy('resources.resource_id')
      .execute();
    standings.push(...found.map(rowToStanding));
  }
  return standings;
}

async function measureEach(
  database: Kysely<Schema>,
  projectId: string,
  standings: readonly ResourceStanding[],
): Promise<readonly ResourceMeasure[]> {
  const resourceIds = standings.map(({ resourceId }) => resourceId);
  const rows = await database
    .selectFrom('resource_heads as head')
    .innerJoin('backups', (join) =>
      join.onRef('backups.project_id', '=', 'head.project_id').onRef('backups.backup_id', '=', 'head.backup_id'),
    )
    .where('head.project_id', '=', projectId)
    .where('head.source_id', '=', '')
    .where('head.resource_id', 'in', resourceIds)
    .where('head.level', 'in', measuredLevels)
    .where('head.taken_at_ms', 'is not', null)
    .select(['head.resource_id', 'head.level', 'head.taken_at_ms', 'backups.verified_at_ms'])
    .execute();
  const failures = await newestFailures(database, projectId, resourceIds);
  const heads = Map.groupBy(rows, (row) => row.resource_id);
  return standings.map(
    (standing): ResourceMeasure => ({
      projectId,
      resourceId: standing.resourceId,
      resourceName: standing.resourceName,
      state: stateOf(standing, failures.get(standing.resourceId) ?? null),
      heads: (heads.get(standing.resourceId) ?? []).flatMap((row): MeasuredHead | never[] =>
        row.taken_at_ms === null
          ? []
          : { level: row.level, takenAtMs: row.taken_at_ms, verifiedAtMs: row.verified_at_ms },
      ),
    }),
  );
}

function stateOf({ head, retiredAtMs }: ResourceStanding, failedAtMs: number | null): ResourceState {
  if (retiredAtMs !== null) return 'retired';
  if (failedAtMs !== null && failedAtMs > (head?.takenAtMs ?? Number.NEGATIVE_INFINITY)) return 'failed';
  return head === null ? 'unproved' : 'proved';
}

/** Returns when the newest backup in error of each resource was made. It reads one entry of an index for each. */
async function newestFailures(
  database: Kysely<Schema>,
  projectId: string,
  resourceIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await database
    .selectFrom('resources')
    .where('resources.project_id', '=', projectId)
    .where('resources.source_id', '=', '')
    .where('resources.resource_id', 'in', resourceIds)
    .select(({ selectFrom }) => [
      'resources.resource_id',
      selectFrom('backups')
        .whereRef('backups.project_id', '=', 'resources.project_id')
        .whereRef('backups.resource_id', '=', 'resources.resource_id')
        .where('backups.forgotten_at_ms', 'is', null)
        // Not as a parameter: the index has only this status.
        .where('backups.status', '=', sql.lit('error'))
        .select('backups.taken_at_ms')
        .orderBy('backups.taken_at_ms', 'desc')
        .orderBy('backups.backup_id')
        .limit(1)
        .as('failed_at_ms'),
    ])
    .execute();
  return new Map(rows.flatMap((row) => (row.failed_at_ms === null ? [] : [[row.resource_id, row.failed_at_ms]])));
}
