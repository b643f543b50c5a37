import { z } from 'zod';
import { takenAtSource } from './backup.ts';
import { backupId, page, paging, projectId, queryEnum, resourceId, shown, sourceId, wireTime } from './fields.ts';
import { verificationLevels } from './verification.ts';

export const resource = z
  .object({
    resource_id: resourceId,
    resource_name: shown.resourceName,
    backups: z.int().meta({ description: 'Number of recorded backups.' }),
    proved_backups: z.int().meta({ description: 'Number of these that are available and proved to the level.' }),
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
  })
  .meta({ id: 'Resource', description: 'A resource with its newest backup that is proved to a level.' });
export type Resource = z.infer<typeof resource>;

/** Filters of the listing of resources, sorted by id. With `source_id`, only what this source has seen is counted. */
export const listResourcesInput = z.object({
  project_id: projectId,
  level: queryEnum(verificationLevels)
    .default('linkage')
    .meta({ description: 'Level that a backup must reach to count as proved.' }),
  source_id: sourceId
    .optional()
    .meta({ description: 'Only resources and backups that the source with this id has seen.' }),
  resource_id: resourceId.optional().meta({ description: 'Only the resource with this id.' }),
  limit: paging.limit,
  marker: paging.marker,
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
    resources: z.array(resource).meta({ description: 'Resources of this page, sorted by id.' }),
    count: page.count,
    limit: page.limit,
  })
  .meta({ id: 'ListResourcesAnswer' });
