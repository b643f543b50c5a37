import { failedCountMax, historyMax } from '@backup-sync/contracts';
import { type Kysely, sql } from 'kysely';
import type { RecentBackup, RecentBackups, ResourceStanding } from '../backup-records.ts';
import { columnsToFault } from '../backup-rows.ts';
import type { Schema } from '../schema.ts';
import { ofEach } from './of-each.ts';

type Resource = Pick<ResourceStanding, 'resourceId' | 'head'>;

/**
 * Returns the recent backups of some resources, in the same order. It makes the same few queries however many they are;
 * each reads an index at one place for each resource.
 */
export async function recentBackups(
  database: Kysely<Schema>,
  projectId: string,
  resources: readonly Resource[],
): Promise<readonly RecentBackups[]> {
  const backupsOf = ({ resourceId }: Resource) =>
    database
      .selectFrom('backups')
      .where('project_id', '=', projectId)
      .where('resource_id', '=', resourceId)
      .where('forgotten_at_ms', 'is', null);
  const failuresOf = (resource: Resource) => {
    // Not as a parameter: the index has only this status.
    const failures = backupsOf(resource).where('status', '=', sql.lit('error'));
    return resource.head === null ? failures : failures.where('taken_at_ms', '>', resource.head.takenAtMs);
  };

  const histories = await ofEach(database, resources, (resource) =>
    backupsOf(resource)
      .select(['resource_id', 'backup_id', 'taken_at_ms', 'status', 'level'])
      .orderBy('taken_at_ms', 'desc')
      .orderBy('backup_id')
      .limit(historyMax),
  );
  const failures = await ofEach(database, resources, (resource) =>
    failuresOf(resource)
      .select(['resource_id', 'reason_code', 'reason_detail'])
      .orderBy('taken_at_ms', 'desc')
      .orderBy('backup_id')
      .limit(1),
  );
  const failed = resources.filter(({ resourceId }) => failures.has(resourceId));
  const counts = await ofEach(database, failed, (resource) =>
    database
      .selectFrom(failuresOf(resource).select('resource_id').limit(failedCountMax).as('failure'))
      .groupBy('resource_id')
      .select(['resource_id', ({ fn }) => fn.countAll().as('count')]),
  );
  const proved = await levelsOf(
    database,
    projectId,
    resources.flatMap(({ head }) => head?.backupId ?? []),
  );
  return resources.map(({ resourceId, head }): RecentBackups => {
    const [failure] = failures.get(resourceId) ?? [];
    return {
      newestProved: head === null ? null : (proved.get(head.backupId) ?? null),
      failed: Number(counts.get(resourceId)?.[0]?.count ?? 0),
      newestFault: failure === undefined ? null : columnsToFault(failure),
      history: (histories.get(resourceId) ?? []).map(
        (row): RecentBackup => ({
          backupId: row.backup_id,
          takenAtMs: row.taken_at_ms,
          status: row.status,
          level: row.level,
        }),
      ),
    };
  });
}

async function levelsOf(database: Kysely<Schema>, projectId: string, backupIds: readonly string[]) {
  if (backupIds.length === 0) return new Map();
  const rows = await database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', 'in', backupIds)
    .select(['backup_id', 'level', 'verified_at_ms'])
    .execute();
  return new Map(rows.map((row) => [row.backup_id, { level: row.level, verifiedAtMs: row.verified_at_ms }]));
}
