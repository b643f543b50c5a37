import { type ResourceFilter, type ResourceStandingName, verificationLevels } from '@backup-sync/contracts';
import { type Kysely, type SqlBool, sql } from 'kysely';
import { timeToleranceMs } from '../../clock.ts';
import type { ResourcePage, ResourceStanding, StandingCounts } from '../backup-records.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { countResources, resourcesOf, rowToStanding, type ScopedResources, standingsOf } from './list-resources.ts';

/** What the ages of backups are compared with. */
export type AgeLimit = {
  readonly nowMs: number;
  /** Maximum age of the newest proved backup; null for none. */
  readonly maxAgeS: number | null;
};

/**
 * The parts of the order: without a proved backup; with one whose time is in the future, so that its age is not known;
 * by its age, the oldest first; retired.
 */
const parts = ['unproved', 'future', 'proved', 'retired'] as const;
type Part = (typeof parts)[number];

const partsOf: Readonly<Record<ResourceStandingName, readonly Part[]>> = {
  active: ['unproved', 'future', 'proved'],
  unproved: ['unproved', 'future'],
  late: ['unproved', 'future', 'proved'],
  good: ['proved'],
  retired: ['retired'],
};

/** The place of a resource in the order; without a time in the parts that have none. */
type Place = { readonly part: Part; readonly takenAtMs: number | null; readonly resourceId: string };

/** Which resources are listed or counted, and when their newest proved backups were made. */
type Wanted = {
  readonly scope: ScopedResources;
  readonly parts: readonly Part[];
  /** Later times are in the future. */
  readonly presentMs: number;
  /** Only resources whose newest proved backup is of this time or older; null for no limit. */
  readonly untilMs: number | null;
  /** Only resources whose newest proved backup is newer; null for no limit. */
  readonly afterMs: number | null;
};

/** Returns a page of resources, the worst first, or `marker_not_found` if the marker is not that of a page. */
export async function listWorstResources(
  database: Kysely<Schema>,
  filter: ScopedResources & Pick<ResourceFilter, 'standing' | 'limit' | 'marker'>,
  limit: AgeLimit,
): Promise<ResourcePage | 'marker_not_found'> {
  const after = filter.marker === undefined ? null : placeOf(filter.marker);
  if (after === undefined) return 'marker_not_found';
  const wanted = wantedOf(filter, filter.standing, limit);
  const count =
    filter.standing === undefined ? await countResources(database, filter) : await countOf(database, wanted);
  // One more, to know whether there is another page.
  const places = await placesAfter(database, wanted, after, filter.limit + 1);
  const shown = places.slice(0, filter.limit);
  const last = shown.at(-1);
  return {
    count,
    rows: await standingsAt(database, filter, shown),
    next: places.length > shown.length && last !== undefined ? markerOf(last) : null,
  };
}

/** Counts the resources of each standing. */
export async function countStandings(
  database: Kysely<Schema>,
  scope: ScopedResources,
  limit: AgeLimit,
): Promise<StandingCounts> {
  const countOfStanding = (standing: ResourceStandingName) => countOf(database, wantedOf(scope, standing, limit));
  const proved = wantedOf(scope, 'good', { ...limit, maxAgeS: null });
  const [oldest] = await standingsAt(database, scope, await placesAfter(database, proved, null, 1));
  return {
    resources: await countResources(database, scope),
    unproved: await countOfStanding('unproved'),
    late: limit.maxAgeS === null ? null : await countOfStanding('late'),
    retired: await countOfStanding('retired'),
    oldest: oldest ?? null,
  };
}

function wantedOf(
  scope: ScopedResources,
  standing: ResourceStandingName | undefined,
  { nowMs, maxAgeS }: AgeLimit,
): Wanted {
  // Ages are rounded down to seconds, see `ageSecondsOf`.
  const lateUntilMs = maxAgeS === null ? null : nowMs - (maxAgeS + 1) * 1000;
  return {
    scope,
    parts: standing === undefined ? parts : partsOf[standing],
    presentMs: nowMs + timeToleranceMs,
    untilMs: standing === 'late' ? lateUntilMs : null,
    afterMs: standing === 'good' ? lateUntilMs : null,
  };
}

/** Returns the first places after one, in their order. */
async function placesAfter(
  database: Kysely<Schema>,
  wanted: Wanted,
  after: Place | null,
  most: number,
): Promise<readonly Place[]> {
  const places: Place[] = [];
  for (const part of wanted.parts) {
    const isBefore = after !== null && parts.indexOf(part) < parts.indexOf(after.part);
    if (isBefore || places.length === most) continue;
    const from = after?.part === part ? after : null;
    places.push(...(await placesIn(database, wanted, part, from, most - places.length)));
  }
  return places;
}

async function placesIn(
  database: Kysely<Schema>,
  wanted: Wanted,
  part: Part,
  after: Place | null,
  most: number,
): Promise<readonly Place[]> {
  if (part === 'future' || part === 'proved') {
    let heads = headsIn(database, wanted, part);
    if (after !== null) {
      heads = heads.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('head.taken_at_ms', 'head.resource_id'), '>', tuple(after.takenAtMs, after.resourceId)),
      );
    }
    const rows = await heads
      .select(['head.resource_id', 'head.taken_at_ms'])
      .orderBy('head.taken_at_ms')
      .orderBy('head.resource_id')
      .limit(most)
      .execute();
    return rows.map((row) => ({ part, takenAtMs: row.taken_at_ms, resourceId: row.resource_id }));
  }
  const rows = await withoutAge(database, wanted, part)
    .map((some) => (after === null ? some : some.where('resources.resource_id', '>', after.resourceId)))
    .map((some) => some.select('resources.resource_id'))
    .reduce((all, some) => all.unionAll(some))
    .orderBy('resource_id')
    .limit(most)
    .execute();
  return rows.map((row) => ({ part, takenAtMs: null, resourceId: row.resource_id }));
}

async function countOf(database: Kysely<Schema>, wanted: Wanted): Promise<number> {
  let sum = 0;
  for (const part of wanted.parts) {
    const counts =
      part === 'future' || part === 'proved'
        ? [headsIn(database, wanted, part).select(({ fn }) => fn.countAll().as('count'))]
        : withoutAge(database, wanted, part).map((some) => some.select(({ fn }) => fn.countAll().as('count')));
    for (const query of counts) sum += Number((await query.executeTakeFirstOrThrow()).count);
  }
  return sum;
}

/** Selects the resources of a part without ages. Each query reads an index in the order of ids. */
function withoutAge(database: Kysely<Schema>, { scope }: Wanted, part: 'unproved' | 'retired') {
  if (part === 'retired') {
    const retired = database
      .selectFrom('retired_resources')
      .where('retired_resources.project_id', '=', scope.project_id)
      .select('retired_resources.resource_id');
    return [resourcesOf(database, scope).where('resources.resource_id', 'in', retired)];
  }
  // Each level includes those before it, so a resource without a backup at a level has some at no more than these.
  const numbers = Array.from({ length: verificationLevels.indexOf(scope.level) + 1 }, (_, number) => number);
  return numbers.map((number) =>
    resourcesOf(database, scope).where('resources.proved_levels', '=', number).where(isActive('resources')),
  );
}

/** Whether the resource of a row is not retired. */
function isActive(row: 'resources' | 'head') {
  return sql<SqlBool>`not exists (select 1 from retired_resources as retired
    where retired.project_id = ${sql.ref(`${row}.project_id`)} and retired.resource_id = ${sql.ref(`${row}.resource_id`)})`;
}

/** Selects the newest proved backups of resources that are not retired. */
function headsIn(database: Kysely<Schema>, { scope, presentMs, untilMs, afterMs }: Wanted, part: 'future' | 'proved') {
  const { project_id: projectId, source_id: sourceId = '', resource_id: id, resource_name: name } = scope;
  let heads = database
    .selectFrom('resource_heads as head')
    .where('head.project_id', '=', projectId)
    .where('head.source_id', '=', sourceId)
    .where('head.level', '=', scope.level)
    .where('head.taken_at_ms', 'is not', null)
    .where(isActive('head'));
  if (part === 'future') heads = heads.where('head.taken_at_ms', '>', presentMs);
  else {
    heads = heads.where('head.taken_at_ms', '<=', Math.min(presentMs, untilMs ?? presentMs));
    if (afterMs !== null) heads = heads.where('head.taken_at_ms', '>', afterMs);
  }
  if (id !== undefined) heads = heads.where('head.resource_id', '=', id);
  if (name !== undefined) {
    heads = heads.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('resources')
          .select('resources.resource_id')
          .whereRef('resources.project_id', '=', 'head.project_id')
          .whereRef('resources.source_id', '=', 'head.source_id')
          .whereRef('resources.resource_id', '=', 'head.resource_id')
          .where('resources.resource_name', '=', name),
      ),
    );
  }
  return heads;
}

/** Returns the resources at these places, in their order. */
async function standingsAt(
  database: Kysely<Schema>,
  scope: ScopedResources,
  places: readonly Place[],
): Promise<readonly ResourceStanding[]> {
  const standings = new Map<string, ResourceStanding>();
  for (const ids of chunks(places.map(({ resourceId }) => resourceId))) {
    const rows = await standingsOf(database, scope).where('resources.resource_id', 'in', ids).execute();
    for (const standing of rows.map(rowToStanding)) standings.set(standing.resourceId, standing);
  }
  return places.flatMap(({ resourceId }) => standings.get(resourceId) ?? []);
}

function markerOf({ part, takenAtMs, resourceId }: Place): string {
  return `${part}:${takenAtMs ?? ''}:${resourceId}`;
}

/** Reads a marker; undefined if no page has it. */
function placeOf(marker: string): Place | undefined {
  const [, name, time = '', resourceId = ''] = /^(\w+):(-?\d{1,16}|):(.+)$/s.exec(marker) ?? [];
  const part = parts.find((each) => each === name);
  const hasTime = part === 'future' || part === 'proved';
  if (part === undefined || hasTime !== (time !== '')) return undefined;
  return { part, takenAtMs: hasTime ? Number(time) : null, resourceId };
}
