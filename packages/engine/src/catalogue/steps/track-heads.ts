import { countedLevel, type TakenAtSource, type VerificationLevel, verificationLevels } from '@backup-sync/contracts';
import { type ExpressionBuilder, type Insertable, type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import { timeToleranceMs } from '../../clock.ts';
import { fixedQuery } from '../fixed-query.ts';
import { lockParts } from '../locks.ts';
import type { ResourceHeadRow, Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { unretire } from './retire-resource.ts';

/** A backup that may be the newest of its resource. */
type Head = { readonly backupId: string; readonly takenAtMs: number; readonly takenAtSource: TakenAtSource };

/** The contribution of a recorded backup to its resource in one scope: a source, or '' for the whole project. */
type Standing = Head & {
  readonly scope: string;
  readonly resourceId: string;
  readonly resourceName: string;
  /** The level at which it counts. Null if the backup is not proved, or not available. */
  readonly level: VerificationLevel | null;
  /** Whether its time was not in the future when it was judged. */
  readonly mayLead: boolean;
};

/** The backups of one resource in one scope that a change touches, before and after. */
type Touched = {
  readonly scope: string;
  readonly resourceId: string;
  readonly before: Standing[];
  readonly after: Standing[];
};

type Ids = { readonly projectId: string; readonly ids: readonly string[] };

const standingRecords = fixedQuery((database, { projectId, ids }: Ids) =>
  database
    .selectFrom('backups')
    .leftJoin('source_members as member', (join) =>
      join.onRef('member.backup_id', '=', 'backups.backup_id').onRef('member.image_path', '=', 'backups.image_path'),
    )
    .leftJoin('sources', (join) =>
      join
        .onRef('sources.id', '=', 'member.source_id')
        .onRef('sources.project_id', '=', 'backups.project_id')
        .onRef('sources.storage_unit_id', '=', 'backups.storage_unit_id')
        .onRef('sources.bucket_name', '=', 'backups.bucket_name'),
    )
    .where('backups.project_id', '=', projectId)
    .where('backups.backup_id', 'in', ids)
    .where('backups.forgotten_at_ms', 'is', null)
    .select(['backups.backup_id', 'backups.resource_id', 'backups.resource_name', 'backups.status', 'backups.level'])
    .select(['backups.gap_level', 'backups.taken_at_ms', 'backups.taken_at_source', 'backups.updated_at_ms'])
    .select('sources.id as source_id'),
);

type ResourceColumns = { readonly project_id: string; readonly source_id: string; readonly resource_id: string };

const addRecords = fixedQuery((database, { key, name, added }: { key: ResourceColumns; name: string; added: number }) =>
  database
    .insertInto('resources')
    .values({ ...key, resource_name: name, backups: added })
    .onConflict((conflict) =>
      conflict
        .columns(['project_id', 'source_id', 'resource_id'])
        .doUpdateSet((eb) => ({ resource_name: name, backups: eb('resources.backups', '+', added) })),
    ),
);

const headsOf = fixedQuery(
  (database, { projectId, scope, resourceId }: { projectId: string; scope: string; resourceId: string }) =>
    database
      .selectFrom('resource_heads')
      .where('project_id', '=', projectId)
      .where('source_id', '=', scope)
      .where('resource_id', '=', resourceId)
      .selectAll(),
);

const writeHeads = fixedQuery((database, { heads }: { heads: readonly Insertable<ResourceHeadRow>[] }) =>
  database
    .insertInto('resource_heads')
    .values(heads)
    .onConflict((conflict) =>
      conflict.columns(['project_id', 'source_id', 'resource_id', 'level']).doUpdateSet(({ ref }) => ({
        backups: ref('excluded.backups'),
        backup_id: ref('excluded.backup_id'),
        taken_at_ms: ref('excluded.taken_at_ms'),
        taken_at_source: ref('excluded.taken_at_source'),
      })),
    ),
);

/**
 * Keeps `resources`, `resource_heads` and `retired_resources` correct while a step changes records, or what sources
 * have seen. The step names the backups before it changes them, and settles at the end.
 *
 * The cost depends only on the backups named. A newer backup becomes a head by comparison. Only if a head is lost, a
 * new one is looked up in the index, once for each level.
 */
export class HeadTracker {
  readonly #database: Kysely<Schema>;
  readonly #projectId: string;
  readonly #known = new Set<string>();
  readonly #before: Standing[] = [];

  constructor(database: Kysely<Schema>, projectId: string) {
    this.#database = database;
    this.#projectId = projectId;
  }

  /** Must be called before these backups change. A second call for a backup changes nothing. */
  async willChange(backupIds: readonly string[]): Promise<void> {
    const ids = [...new Set(backupIds)].filter((id) => !this.#known.has(id));
    for (const id of ids) this.#known.add(id);
    await lockParts(this.#database, this.#projectId, () => ids.map((id) => ['backup', id]));
    const standings = await this.#standingsOf(ids);
    await this.#lockResourcesOf(standings);
    this.#before.push(...standings);
  }

  /** Must be called after the last change, in the same transaction. */
  async settle(): Promise<void> {
    const touched = new Map<string, Touched>();
    const of = ({ scope, resourceId }: Standing) => {
      const key = JSON.stringify([scope, resourceId]);
      const known = touched.get(key) ?? { scope, resourceId, before: [], after: [] };
      touched.set(key, known);
      return known;
    };
    const after = await this.#standingsOf([...this.#known]);
    await this.#lockResourcesOf(after);
    for (const standing of this.#before) of(standing).before.push(standing);
    for (const standing of after) of(standing).after.push(standing);
    for (const each of touched.values()) {
      await this.#endRetirement(each);
      await this.#countRecords(each);
      await this.#settleHeads(each);
    }
  }

  async #lockResourcesOf(standings: readonly Standing[]): Promise<void> {
    await lockParts(this.#database, this.#projectId, () => {
      const ids = new Set(standings.map(({ resourceId }) => resourceId));
      return [...ids].map((id) => ['resource', id]);
    });
  }

  async #standingsOf(backupIds: readonly string[]): Promise<readonly Standing[]> {
    const standings: Standing[] = [];
    for (const ids of chunks(backupIds)) {
      const rows = await standingRecords.all(this.#database, { projectId: this.#projectId, ids });
      for (const [record, ...others] of Map.groupBy(rows, (row) => row.backup_id).values()) {
        if (record === undefined) continue;
        const sources = [record, ...others].flatMap((row) => row.source_id ?? []);
        for (const scope of ['', ...sources]) {
          standings.push({
            scope,
            backupId: record.backup_id,
            resourceId: record.resource_id,
            resourceName: record.resource_name,
            level: record.status === 'available' ? countedLevel(record.level, record.gap_level) : null,
            takenAtMs: record.taken_at_ms,
            takenAtSource: record.taken_at_source,
            mayLead: record.taken_at_ms <= record.updated_at_ms + timeToleranceMs,
          });
        }
      }
    }
    return standings;
  }

  /** Ends the retirement of a resource that is backed up again. */
  async #endRetirement({ scope, resourceId, after }: Touched): Promise<void> {
    const times = after.filter(({ mayLead }) => mayLead).map(({ takenAtMs }) => takenAtMs);
    if (scope !== '' || times.length === 0) return;
    await unretire(this.#database, this.#projectId, resourceId, Math.max(...times));
  }

  async #countRecords({ scope, resourceId, before, after }: Touched): Promise<void> {
    const name = after.at(-1)?.resourceName;
    const added = after.length - before.length;
    if (added === 0 && before.at(-1)?.resourceName === name) return;
    const key = { project_id: this.#projectId, source_id: scope, resource_id: resourceId };
    if (name !== undefined) {
      await addRecords.all(this.#database, { key, name, added });
      return;
    }
    const { backups } = await this.#database
      .updateTable('resources')
      .set((eb) => ({ backups: eb('backups', '+', added) }))
      .where('project_id', '=', key.project_id)
      .where('source_id', '=', key.source_id)
      .where('resource_id', '=', key.resource_id)
      .returning('backups')
      .executeTakeFirstOrThrow();
    if (backups > 0) return;
    if (scope === '') await unretire(this.#database, this.#projectId, resourceId);
    await this.#database
      .deleteFrom('resources')
      .where('project_id', '=', key.project_id)
      .where('source_id', '=', key.source_id)
      .where('resource_id', '=', key.resource_id)
      .execute();
  }

  async #settleHeads(touched: Touched): Promise<void> {
    const { scope, resourceId, before, after } = touched;
    const changed = verificationLevels.filter((level) => countsOf(before, level) !== countsOf(after, level));
    if (changed.length === 0) return;
    const rows = await headsOf.all(this.#database, { projectId: this.#projectId, scope, resourceId });
    let newest: ReadonlyMap<VerificationLevel, Head> | null = null;
    const heads: Insertable<ResourceHeadRow>[] = [];
    for (const level of changed) {
      const row = rows.find((each) => each.level === level);
      const backups = (row?.backups ?? 0) + proved(after, level).length - proved(before, level).length;
      const current = row === undefined ? null : headOf(row);
      let head: Head | null;
      if (current !== null && this.#known.has(current.backupId)) {
        newest ??= await this.#newestByLevel(scope, resourceId);
        head = newerOf(verificationLevels.slice(verificationLevels.indexOf(level)).map((each) => newest?.get(each)));
      } else head = newerOf([current, ...proved(after, level).filter(({ mayLead }) => mayLead)]);
      if (backups === 0) await this.#deleteHead(scope, resourceId, level);
      else {
        heads.push({
          project_id: this.#projectId,
          source_id: scope,
          resource_id: resourceId,
          level,
          backups,
          backup_id: head?.backupId ?? null,
          taken_at_ms: head?.takenAtMs ?? null,
          taken_at_source: head?.takenAtSource ?? null,
        });
      }
    }
    if (heads.length > 0) await writeHeads.all(this.#database, { heads });
  }

  /** Returns, for each level, the newest backup that counts as proved to exactly this level. */
  async #newestByLevel(scope: string, resourceId: string): Promise<ReadonlyMap<VerificationLevel, Head>> {
    const newest = new Map<VerificationLevel, Head>();
    for (const [index, level] of verificationLevels.entries()) {
      const above = verificationLevels.slice(index + 1);
      const [next] = above;
      const whole = this.#availableOf(scope, resourceId)
        .where('backups.level', '=', level)
        .where(({ eb, or }) =>
          or([
            eb('backups.gap_level', 'is', null),
            ...(next === undefined ? [] : [eb('backups.gap_level', 'in', above)]),
          ]),
        );
      const heads = [await newestOf(whole)];
      if (next !== undefined) {
        const withGap = this.#availableOf(scope, resourceId)
          .where('backups.gap_level', 'is not', null)
          .where('backups.gap_level', '=', next)
          // Not by the bare column: the index of gaps is the smaller one.
          .where(sql`(backups.level || '')`, 'in', above);
        heads.push(await newestOf(withGap));
      }
      const head = newerOf(heads);
      if (head !== null) newest.set(level, head);
    }
    return newest;
  }

  /** Selects the backups of a resource that may lead. */
  #availableOf(scope: string, resourceId: string) {
    const backups = this.#database
      .selectFrom('backups')
      .where('backups.project_id', '=', this.#projectId)
      .where('backups.resource_id', '=', resourceId)
      // Not as a parameter: the indexes have only this status.
      .where('backups.status', '=', sql.lit('available'))
      .where('backups.forgotten_at_ms', 'is', null)
      .where((eb) => eb('backups.taken_at_ms', '<=', eb('backups.updated_at_ms', '+', timeToleranceMs)));
    return scope === '' ? backups : backups.where(isSeenBy(scope));
  }

  async #deleteHead(scope: string, resourceId: string, level: VerificationLevel): Promise<void> {
    await this.#database
      .deleteFrom('resource_heads')
      .where('project_id', '=', this.#projectId)
      .where('source_id', '=', scope)
      .where('resource_id', '=', resourceId)
      .where('level', '=', level)
      .execute();
  }
}

/** Whether a source has seen the backup of a row at the place where it is recorded. */
export function isSeenBy(sourceId: string) {
  return ({ exists, selectFrom }: ExpressionBuilder<Schema, 'backups'>) =>
    exists(
      selectFrom('source_members as member')
        .innerJoin('sources', 'sources.id', 'member.source_id')
        .select('member.source_id')
        .where('member.source_id', '=', sourceId)
        .whereRef('member.image_path', '=', 'backups.image_path')
        .whereRef('member.backup_id', '=', 'backups.backup_id')
        .whereRef('sources.storage_unit_id', '=', 'backups.storage_unit_id')
        .whereRef('sources.bucket_name', '=', 'backups.bucket_name'),
    );
}

async function newestOf(backups: SelectQueryBuilder<Schema, 'backups', object>): Promise<Head | null> {
  const row = await backups
    .select(['backups.backup_id', 'backups.taken_at_ms', 'backups.taken_at_source'])
    .orderBy('backups.taken_at_ms', 'desc')
    .orderBy('backups.backup_id')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : headOf(row);
}

/** Selects the members of all sources whose backup is recorded at that place, including vanished ones. */
export function memberRecords(database: Kysely<Schema>) {
  return database
    .selectFrom('source_members as member')
    .innerJoin('sources', 'sources.id', 'member.source_id')
    .innerJoin('backups', (join) =>
      join
        .onRef('backups.project_id', '=', 'sources.project_id')
        .onRef('backups.backup_id', '=', 'member.backup_id')
        .onRef('backups.storage_unit_id', '=', 'sources.storage_unit_id')
        .onRef('backups.bucket_name', '=', 'sources.bucket_name')
        .onRef('backups.image_path', '=', 'member.image_path'),
    )
    .where('backups.forgotten_at_ms', 'is', null);
}

/** Returns those that are proved to at least this level. */
function proved(standings: readonly Standing[], wanted: VerificationLevel): readonly Standing[] {
  const least = verificationLevels.indexOf(wanted);
  return standings.filter(({ level }) => level !== null && verificationLevels.indexOf(level) >= least);
}

/** The data of these backups that decides the row of a level, as a string to compare. */
function countsOf(standings: readonly Standing[], level: VerificationLevel): string {
  const parts = proved(standings, level).map((each) => [
    each.backupId,
    each.takenAtMs,
    each.takenAtSource,
    each.mayLead,
  ]);
  return JSON.stringify(parts.toSorted());
}

export function headOf(row: {
  readonly backup_id: string | null;
  readonly taken_at_ms: number | null;
  readonly taken_at_source: TakenAtSource | null;
}): Head | null {
  const { backup_id: backupId, taken_at_ms: takenAtMs, taken_at_source: takenAtSource } = row;
  return backupId === null || takenAtMs === null || takenAtSource === null
    ? null
    : { backupId, takenAtMs, takenAtSource };
}

/** Returns the newest; of those made at the same time, the first by id. */
export function newerOf(heads: readonly (Head | null | undefined)[]): Head | null {
  let newest: Head | null = null;
  for (const head of heads) {
    if (head === null || head === undefined) continue;
    const isNewer =
      newest === null ||
      head.takenAtMs > newest.takenAtMs ||
      (head.takenAtMs === newest.takenAtMs && isBefore(head.backupId, newest.backupId));
    if (isNewer) newest = head;
  }
  return newest;
}

/** Compares by UTF-8 bytes, as the database sorts. */
function isBefore(one: string, other: string): boolean {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) < 0;
}
