import { type ResourceFilter, reaches, verificationLevels } from '@backup-sync/contracts';
import { type Kysely, sql } from 'kysely';
import { timeToleranceMs } from '../../clock.ts';
import type { ResourceStanding } from '../backup-records.ts';
import type { Schema } from '../schema.ts';
import { ofEach } from './of-each.ts';
import { headOf, isSeenBy, newerOf } from './track-heads.ts';

/**
 * Counts the backups of these resources that are proved to their ceiling, or to the level apart from their gaps, as
 * proved too. Returns the resources in the same order. It reads the rows of such backups in two small indexes.
 */
export async function acceptCeilings(
  database: Kysely<Schema>,
  filter: Pick<ResourceFilter, 'project_id' | 'level' | 'source_id'>,
  resources: readonly ResourceStanding[],
): Promise<readonly ResourceStanding[]> {
  const enough = verificationLevels.filter((level) => reaches(level, filter.level));
  const gapLevels = verificationLevels.filter((level) => reaches(filter.level, level));
  const backupsOf = ({ resourceId }: ResourceStanding) => {
    const backups = database
      .selectFrom('backups')
      .where('backups.project_id', '=', filter.project_id)
      .where('backups.resource_id', '=', resourceId)
      .where('backups.forgotten_at_ms', 'is', null)
      // Not as a parameter: the indexes have only this status.
      .where('backups.status', '=', sql.lit('available'));
    return filter.source_id === undefined ? backups : backups.where(isSeenBy(filter.source_id));
  };
  const accepted = [
    (resource: ResourceStanding) =>
      backupsOf(resource)
        .whereRef('backups.level', '=', 'backups.ceiling')
        .where('backups.level', '<>', sql.lit('replay'))
        .where(({ eb, or }) => or([eb('backups.level', 'not in', enough), eb('backups.gap_level', 'in', gapLevels)])),
    (resource: ResourceStanding) =>
      backupsOf(resource)
        .where('backups.gap_level', 'is not', null)
        .where('backups.gap_level', 'in', gapLevels)
        .where('backups.level', 'in', enough)
        .whereRef('backups.level', '<>', 'backups.ceiling'),
  ];
  let counted = resources;
  for (const of of accepted) {
    const newest = await ofEach(database, resources, (resource) =>
      of(resource)
        .where((eb) => eb('backups.taken_at_ms', '<=', eb('backups.updated_at_ms', '+', timeToleranceMs)))
        .select(['backups.resource_id', 'backups.backup_id', 'backups.taken_at_ms', 'backups.taken_at_source'])
        .orderBy('backups.taken_at_ms', 'desc')
        .orderBy('backups.backup_id')
        .limit(1),
    );
    const counts = await ofEach(database, resources, (resource) =>
      of(resource)
        .groupBy('backups.resource_id')
        .select(['backups.resource_id', ({ fn }) => fn.countAll().as('count')]),
    );
    counted = counted.map((resource) => {
      const [head] = newest.get(resource.resourceId) ?? [];
      const [count] = counts.get(resource.resourceId) ?? [];
      return {
        ...resource,
        proved: resource.proved + Number(count?.count ?? 0),
        head: newerOf([resource.head, head === undefined ? null : headOf(head)]),
      };
    });
  }
  return counted;
}
