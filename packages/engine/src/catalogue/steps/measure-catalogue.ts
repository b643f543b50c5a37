import { type Backup, type OperationKind, operationKinds } from '@backup-sync/contracts';
import { type Kysely, sql } from 'kysely';
import { differencesOf } from '../differences.ts';
import {
  type MeasureLimits,
  type Measures,
  type ProjectMeasure,
  type SourceMeasure,
  type UnfinishedStatus,
  unfinishedStatuses,
} from '../measure-records.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { measureHooks } from './measure-hooks.ts';
import { measureResources } from './measure-resources.ts';
import { listOutages } from './outages.ts';

/** Returns the state of the catalogue as a whole. */
export async function measureCatalogue(
  database: Kysely<Schema>,
  limits: MeasureLimits,
  nowMs: number,
): Promise<Measures> {
  const known = await projectsWithCounts(database);
  const projectIds = known.slice(0, limits.projects);
  const counts = await keptCounts(database, projectIds, ['backup', 'resource']);
  // Of all projects: these sums have no series for each project.
  const ofOperations = await keptCounts(database, known, operationKinds);
  const names = await namesOf(database, projectIds);
  const projects = projectIds.map(
    (projectId): ProjectMeasure => ({
      projectId,
      name: names.get(projectId) ?? null,
      backups: counts
        .filter((row) => row.project_id === projectId && row.subject === 'backup')
        // The trigger of the table writes the status.
        .map(({ part, total }) => ({ status: part as Backup['status'], count: total })),
      resources: counts.find((row) => row.project_id === projectId && row.subject === 'resource')?.total ?? 0,
    }),
  );
  const { sources, droppedSources } = await measureSources(database, limits.sources);
  const resources = await measureResources(database, projects, limits.resources, nowMs);
  const counted = projects.reduce((sum, project) => sum + project.resources, 0);
  const expected = counted - (await countRetired(database, projectIds));
  const shown = resources.filter(({ state }) => state !== 'retired').length;
  return {
    sizeBytes: await sizeOf(database),
    projects,
    sources,
    resources,
    dropped: {
      projects: known.length - projectIds.length,
      sources: droppedSources,
      resources: Math.max(0, expected - shown),
    },
    unfinished: operationKinds.flatMap((kind) =>
      unfinishedStatuses.map((status) => ({ kind, status, count: countOf(ofOperations, kind, status) })),
    ),
    oldest: await oldestUnfinished(database, ofOperations),
    outages: await listOutages(database),
    ...(await measureHooks(database)),
  };
}

/**
 * The statuses of recorded backups and of unfinished operations, and the resources of a whole project. No two subjects
 * have a part in common.
 */
const measuredParts: readonly string[] = ['available', 'error', ...unfinishedStatuses, ''];

type KeptCount = {
  readonly project_id: string;
  readonly subject: string;
  readonly part: string;
  readonly total: number;
};

/** Returns all projects with counts, by id. It reads one entry of the key for each project, however many counts it has. */
async function projectsWithCounts(database: Kysely<Schema>): Promise<readonly string[]> {
  const { rows } = await sql<{ project_id: string | null }>`with recursive found(project_id) as (
      select min(project_id) from row_counts where project_id > ''
      union all
      select (select min(each.project_id) from row_counts as each where each.project_id > found.project_id)
      from found where found.project_id is not null
    ) select project_id from found`.execute(database);
  return rows.flatMap(({ project_id: projectId }) => projectId ?? []);
}

async function keptCounts(
  database: Kysely<Schema>,
  projectIds: readonly string[],
  subjects: readonly Schema['row_counts']['subject'][],
): Promise<readonly KeptCount[]> {
  const counts: KeptCount[] = [];
  for (const ids of chunks(projectIds)) {
    const rows = await database
      .selectFrom('row_counts')
      .where('project_id', 'in', ids)
      .where('subject', 'in', subjects)
      .where('part', 'in', measuredParts)
      .groupBy(['project_id', 'subject', 'part'])
      .select(['project_id', 'subject', 'part', ({ fn }) => fn.sum('total').as('total')])
      .execute();
    counts.push(...rows.map((row) => ({ ...row, total: Number(row.total) })));
  }
  return counts;
}

function countOf(counts: readonly KeptCount[], kind: OperationKind, status: UnfinishedStatus): number {
  return counts
    .filter(({ subject, part }) => subject === kind && part === status)
    .reduce((sum, { total }) => sum + total, 0);
}

async function countRetired(database: Kysely<Schema>, projectIds: readonly string[]): Promise<number> {
  let sum = 0;
  for (const ids of chunks(projectIds)) {
    const { count } = await database
      .selectFrom('retired_resources')
      .where('project_id', 'in', ids)
      .select(({ fn }) => fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    sum += Number(count);
  }
  return sum;
}

async function namesOf(database: Kysely<Schema>, projectIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const ids of chunks(projectIds)) {
    const rows = await database.selectFrom('projects').where('id', 'in', ids).select(['id', 'name']).execute();
    for (const { id, name } of rows) names.set(id, name);
  }
  return names;
}

/** Returns when the oldest unfinished operation of each status was accepted. Each project has an index for that. */
async function oldestUnfinished(database: Kysely<Schema>, counts: readonly KeptCount[]): Promise<Measures['oldest']> {
  const oldest: Measures['oldest'][number][] = [];
  for (const status of unfinishedStatuses) {
    const withSome = counts.filter(({ part, total }) => part === status && total > 0);
    let createdAtMs: number | null = null;
    for (const ids of chunks([...new Set(withSome.map((row) => row.project_id))])) {
      const row = await database
        .selectFrom('row_counts')
        .where('row_counts.project_id', 'in', ids)
        .where('row_counts.subject', 'in', operationKinds)
        .where('row_counts.part', '=', status)
        .select(({ fn, selectFrom }) => {
          const first = selectFrom('operations')
            .whereRef('operations.project_id', '=', 'row_counts.project_id')
            .where('operations.status', '=', status)
            .select('operations.created_at_ms')
            .orderBy('operations.created_at_ms')
            .limit(1);
          return fn.agg<number | null>('min', [first]).as('created_at_ms');
        })
        .executeTakeFirst();
      const firstMs = row?.created_at_ms ?? null;
      if (firstMs !== null) createdAtMs = Math.min(firstMs, createdAtMs ?? firstMs);
    }
    oldest.push({ status, createdAtMs });
  }
  return oldest;
}

async function measureSources(
  database: Kysely<Schema>,
  limit: number,
): Promise<{ readonly sources: readonly SourceMeasure[]; readonly droppedSources: number }> {
  const rows = await database
    .selectFrom('sources')
    .select(['project_id', 'name', 'bucket_name', 'interval_s', 'created_at_ms', 'held_at_ms', 'paused_at_ms'])
    .select('last_good_sync_at_ms')
    .orderBy('id')
    .execute();
  const sources = rows.slice(0, limit).map(
    (row): SourceMeasure => ({
      projectId: row.project_id,
      name: row.name,
      bucketName: row.bucket_name,
      intervalS: row.interval_s,
      createdAtMs: row.created_at_ms,
      lastGoodSyncAtMs: row.last_good_sync_at_ms,
      isHeld: row.held_at_ms !== null,
      isPaused: row.paused_at_ms !== null,
    }),
  );
  return { sources, droppedSources: rows.length - sources.length };
}

async function sizeOf(database: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`select ${differencesOf(database).sizeBytes} as bytes`.execute(database);
  return Number(rows[0]?.bytes ?? 0);
}
