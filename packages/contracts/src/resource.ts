import { z } from 'zod';
import { backupStatuses, takenAtSource } from './backup.ts';
import {
  backupId,
  page,
  paging,
  projectId,
  queryBoolean,
  queryEnum,
  queryInteger,
  queryList,
  resourceId,
  shown,
  sourceId,
  text,
  wireTime,
} from './fields.ts';
import { reason } from './reason-code.ts';
import { verificationLevel, verificationLevels } from './verification.ts';

/** Maximum number of backups in the history of a resource. */
export const historyMax = 14;
/** Maximum number of resources on a page with recent backups. */
export const recentPageMax = 100;
/** Maximum number of failed backups of a resource that are counted. */
export const failedCountMax = 100;

const recentBackup = z
  .object({
    id: backupId,
    taken_at: wireTime.meta({ description: 'When the backup was made.' }),
    status: z.enum(backupStatuses).meta({ description: 'State of the backup: available or error.' }),
    level: verificationLevel.nullable().meta({ description: 'Level to which the backup is proved; null if to none.' }),
  })
  .meta({ id: 'RecentBackup', description: 'One of the newest backups of a resource.' });

const recentBackups = z
  .object({
    newest_proved_level: verificationLevel
      .nullable()
      .meta({ description: 'Level to which the newest proved backup is proved; null if there is none.' }),
    newest_proved_verified_at: wireTime
      .nullable()
      .meta({ description: 'When the newest proved backup was last proved; null if there is none.' }),
    failed_since: z.int().meta({
      description: `Number of backups in error that were made after the newest proved one; of all in error if there is none. At most ${failedCountMax} are counted.`,
    }),
    failed_reason: reason
      .nullable()
      .meta({ description: 'Reason of the newest of these backups in error; null if there is none.' }),
    history: z
      .array(recentBackup)
      .meta({ description: `The ${historyMax} newest backups in any state, newest first.` }),
  })
  .meta({
    id: 'RecentBackups',
    description: 'The recent backups of a resource. They count even if the source of the filter has not seen them.',
  });

export const resource = z
  .object({
    resource_id: resourceId,
    resource_name: shown.resourceName,
    backups: z.int().meta({ description: 'Number of recorded backups.' }),
    proved_backups: z.int().meta({
      description: 'Number of these that are available and proved to the level, without a gap at it or below.',
    }),
    newest_proved_backup_id: backupId.nullable().meta({
      description:
        'Id of the newest proved backup; null if there is none, or if all of them have a time in the future.',
    }),
    newest_proved_at: wireTime
      .nullable()
      .meta({ description: 'When that backup was made (its `taken_at`); null if there is none.' }),
    newest_proved_at_source: takenAtSource
      .nullable()
      .meta({ description: 'Origin of that time; null if there is none.' }),
    newest_proved_age_s: z
      .int()
      .nullable()
      .meta({ description: 'Age of that backup, in seconds; null if there is none.' }),
    // Servers of earlier releases do not send this field.
    retired_at: wireTime.nullable().default(null).meta({
      description:
        'When the resource was retired: no newer backup of it is expected. Null if it is not retired, or a newer backup was recorded since.',
    }),
    recent: recentBackups.nullable().default(null).meta({
      description: 'The recent backups; null unless `include` asks for them.',
    }),
  })
  .meta({ id: 'Resource', description: 'A resource with its newest backup that is proved to a level.' });
export type Resource = z.infer<typeof resource>;

/** Orders of the listing of resources. */
export const resourceSorts = ['resource_id', 'worst'] as const;

/** How well a resource is backed up. See the field `standing` of the listing. */
export const resourceStandings = ['active', 'unproved', 'late', 'good', 'retired'] as const;
export type ResourceStandingName = (typeof resourceStandings)[number];

/** Additional parts of each resource in the listing. */
export const resourceParts = ['recent'] as const;

export const maxAgeS = queryInteger(0, 100 * 366 * 86_400);

/** The resources and backups that count in a listing of resources, or in their standing. */
export const countedResources = {
  project_id: projectId,
  level: queryEnum(verificationLevels)
    .default('linkage')
    .meta({ description: 'Level that a backup must reach to count as proved.' }),
  source_id: sourceId
    .optional()
    .meta({ description: 'Only resources and backups that the source with this id has seen.' }),
};

/** Filters of the listing of resources. With `source_id`, only what this source has seen is counted. */
export const listResourcesInput = z.object({
  ...countedResources,
  resource_id: resourceId.optional().meta({ description: 'Only the resource with this id.' }),
  resource_name: z.string().optional().meta({ description: 'Only resources with exactly this name.' }),
  standing: queryEnum(resourceStandings)
    .optional()
    .meta({
      description:
        'Only resources of this standing; needs sort=worst. active: not retired. unproved: active, without a proved backup. ' +
        'late: active, without a proved backup that is at most max_age_s old. good: active and not late. retired: no newer backup is expected.',
    }),
  accept_ceiling: queryBoolean.optional().meta({
    description:
      'Whether backups count as proved that are proved to their ceiling, though that is below the level, or that only a gap keeps from it (default false); needs sort=resource_id.',
  }),
  max_age_s: maxAgeS.optional().meta({
    description: 'Maximum age of the newest proved backup, in seconds; needed for the standings late and good.',
  }),
  sort: queryEnum(resourceSorts).default('resource_id').meta({
    description:
      'Order. worst: resources without a proved backup, then those whose newest proved backup is the oldest, then retired ones; equals by resource_id. Default: resource_id.',
  }),
  include: queryList(resourceParts)
    .optional()
    .meta({
      description: `Additional parts of each resource. recent: its recent backups; a page then has at most ${recentPageMax} resources.`,
    }),
  limit: paging.limit,
  marker: text(1, 300)
    .optional()
    .meta({ description: 'The `next_marker` of the previous page: this page starts after its place.' }),
});
export type ResourceFilter = z.output<typeof listResourcesInput>;

export const retireResourceInput = z.object({ project_id: projectId, resource_id: resourceId });

export const resourceAnswer = z
  .object({
    resource: resource.meta({ description: 'The resource, with its newest backup that is proved to linkage.' }),
  })
  .meta({ id: 'ResourceAnswer' });

export const listResourcesAnswer = z
  .object({
    resources: z.array(resource).meta({ description: 'Resources of this page, in the requested order.' }),
    count: page.count,
    limit: z.int().meta({ description: 'Maximum number of resources of this page.' }),
    // Servers of earlier releases send neither of these fields, and list by id.
    sort: z.enum(resourceSorts).default('resource_id').meta({ description: 'Order of the resources.' }),
    next_marker: z.string().nullable().default(null).meta({
      description:
        'Send this as `marker` to get the next page; null on the last page. It marks a place in the order, so that no resource that stays in its place is left out or repeated if others move between pages.',
    }),
  })
  .meta({ id: 'ListResourcesAnswer' });
