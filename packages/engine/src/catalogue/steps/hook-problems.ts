import type { VerificationLevel } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import type { FailedVerification, ProvedHead } from '../hook-records.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';

/** Selects the newest proved backups of the resources of a project that are not retired. */
function headsOf(database: Kysely<Schema>, projectId: string, level: VerificationLevel) {
  return database
    .selectFrom('resource_heads as head')
    .innerJoin('resources', (join) =>
      join
        .onRef('resources.project_id', '=', 'head.project_id')
        .onRef('resources.source_id', '=', 'head.source_id')
        .onRef('resources.resource_id', '=', 'head.resource_id'),
    )
    .where('head.project_id', '=', projectId)
    .where('head.source_id', '=', '')
    .where('head.level', '=', level)
    .where('head.taken_at_ms', 'is not', null)
    .select(['head.resource_id', 'head.backup_id', 'head.taken_at_ms', 'resources.resource_name']);
}

/** Place in the order of the newest proved backups. */
type AfterHead = Pick<ProvedHead, 'takenAtMs' | 'resourceId'>;

/**
 * Returns resources whose newest proved backup is older than `beforeMs`, and that are not retired, from the oldest on
 * after a place. `next` is the place to continue after; null if there are no more.
 */
export async function overdueHeads(
  database: Kysely<Schema>,
  projectId: string,
  level: VerificationLevel,
  beforeMs: number,
  after: AfterHead | null,
  limit: number,
): Promise<{ readonly heads: readonly ProvedHead[]; readonly next: AfterHead | null }> {
  let overdue = headsOf(database, projectId, level).where('head.taken_at_ms', '<', beforeMs);
  if (after !== null) {
    overdue = overdue.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('head.taken_at_ms', 'head.resource_id'), '>', tuple(after.takenAtMs, after.resourceId)),
    );
  }
  const rows = await overdue
    .leftJoin('retired_resources as retired', (join) =>
      join.onRef('retired.project_id', '=', 'head.project_id').onRef('retired.resource_id', '=', 'head.resource_id'),
    )
    .select('retired.retired_at_ms')
    .orderBy('head.taken_at_ms')
    .orderBy('head.resource_id')
    .limit(limit)
    .execute();
  const last = rows.at(-1);
  return {
    heads: rows.filter((row) => row.retired_at_ms === null).map(rowToHead),
    next: rows.length < limit || last === undefined ? null : rowToHead(last),
  };
}

/**
 * Returns which of these resources are no longer overdue: retired, gone, or with a proved backup of `beforeMs` or newer.
 */
export async function caughtUp(
  database: Kysely<Schema>,
  projectId: string,
  level: VerificationLevel,
  beforeMs: number,
  resourceIds: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const some of chunks(resourceIds)) {
    const rows = await database
      .selectFrom('resources')
      .leftJoin('resource_heads as head', (join) =>
        join
          .onRef('head.project_id', '=', 'resources.project_id')
          .onRef('head.source_id', '=', 'resources.source_id')
          .onRef('head.resource_id', '=', 'resources.resource_id')
          .on('head.level', '=', level),
      )
      .leftJoin('retired_resources as retired', (join) =>
        join
          .onRef('retired.project_id', '=', 'resources.project_id')
          .onRef('retired.resource_id', '=', 'resources.resource_id'),
      )
      .where('resources.project_id', '=', projectId)
      .where('resources.source_id', '=', '')
      .where('resources.resource_id', 'in', some)
      .select(['resources.resource_id', 'head.taken_at_ms', 'retired.retired_at_ms'])
      .execute();
    const late = new Set(
      rows
        .filter((row) => row.retired_at_ms === null && (row.taken_at_ms === null || row.taken_at_ms < beforeMs))
        .map((row) => row.resource_id),
    );
    found.push(...some.filter((id) => !late.has(id)));
  }
  return found;
}

/**
 * Returns which of these backups, whose verifications failed, are proved again: their records are available and were
 * verified since then. A backup that has no record any more counts as well.
 */
export async function provedAgain(
  database: Kysely<Schema>,
  projectId: string,
  failures: readonly FailedVerification[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const some of chunks(failures)) {
    const rows = await database
      .selectFrom('backups')
      .where('project_id', '=', projectId)
      .where(
        'backup_id',
        'in',
        some.map(({ backupId }) => backupId),
      )
      .where('forgotten_at_ms', 'is', null)
      .select(['backup_id', 'status', 'verified_at_ms'])
      .execute();
    const recorded = new Map(rows.map((row) => [row.backup_id, row]));
    for (const { backupId, failedAtMs } of some) {
      const record = recorded.get(backupId);
      const isProved = record?.status === 'available' && record.verified_at_ms > failedAtMs;
      if (record === undefined || isProved) found.push(backupId);
    }
  }
  return found;
}

function rowToHead(row: {
  readonly resource_id: string;
  readonly resource_name: string;
  readonly backup_id: string | null;
  readonly taken_at_ms: number | null;
}): ProvedHead {
  return {
    resourceId: row.resource_id,
    resourceName: row.resource_name,
    backupId: row.backup_id,
    takenAtMs: row.taken_at_ms ?? 0,
  };
}
