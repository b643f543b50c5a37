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
    const page = await listWorstResources(database, filter, { nowMs, maxAgeS: null });
    if (page === 'marker_not_found') throw new TypeError('a list without a marker begins at the first resource');
    for (const standings of chunks(page.rows)) {
      measured.push(...(await measureEach(database, projectId, standings)));
    }
  }
  return measured;
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
