import { z } from 'zod';
import { takenAtSource } from './backup.ts';
import { madeId, opaqueId, paging, projectId, queryEnum, wireTime } from './fields.ts';
import { verificationLevels } from './verification.ts';

/** A resource with its newest backup that is proved to a level. */
export const resource = z
  .object({
    resource_id: opaqueId,
    resource_name: z.string(),
    backups: z.int().meta({ description: 'Number of recorded backups.' }),
    proved_backups: z.int().meta({ description: 'Number of these that are available and proved to the level.' }),
    newest_proved_backup_id: opaqueId
      .nullable()
      .meta({ description: 'Newest proved backup; null if there is none, or the time of each is in the future.' }),
    newest_proved_at: wireTime
      .nullable()
      .meta({ description: 'When the newest proved backup was made (its `taken_at`).' }),
    newest_proved_at_source: takenAtSource.nullable(),
    newest_proved_age_s: z.int().nullable().meta({ description: 'Age of the newest proved backup, in seconds.' }),
    // Servers of earlier releases do not send this field.
    retired_at: wireTime.nullable().default(null).meta({
      description:
        'When the resource was retired: no newer backup of it is expected. Null if it is not retired, or a newer backup was recorded since.',
    }),
  })
  .meta({ id: 'Resource' });
export type Resource = z.infer<typeof resource>;

/** Filters of the listing of resources, sorted by id. With `source_id`, only what this source has seen is counted. */
export const listResourcesInput = z.object({
  project_id: projectId,
  level: queryEnum(verificationLevels)
    .default('linkage')
    .meta({ description: 'Level that a backup must reach to count as proved.' }),
  source_id: madeId.optional(),
  resource_id: opaqueId.optional(),
  limit: paging.limit,
  marker: paging.marker,
});
export type ResourceFilter = z.output<typeof listResourcesInput>;

export const retireResourceInput = z.object({ project_id: projectId, resource_id: opaqueId });

/** A resource, with its newest backup that is proved to `linkage`. */
export const resourceAnswer = z.object({ resource }).meta({ id: 'ResourceAnswer' });

export const listResourcesAnswer = z
  .object({ resources: z.array(resource), count: z.int(), limit: z.int() })
  .meta({ id: 'ListResourcesAnswer' });
