import { z } from 'zod';
import { takenAtSource } from './backup.ts';
import { madeId, opaqueId, paging, projectId, queryEnum, wireTime } from './fields.ts';
import { verificationLevels } from './verification.ts';

/** A resource, and its newest backup that is proved to a level. */
export const resource = z
  .object({
    resource_id: opaqueId,
    resource_name: z.string(),
    backups: z.int().meta({ description: 'Backups that are recorded.' }),
    proved_backups: z.int().meta({ description: 'Of these, the available ones that are proved to the level.' }),
    newest_proved_backup_id: opaqueId
      .nullable()
      .meta({ description: 'The newest of them; null if there is none, or the time of each is in the future.' }),
    newest_proved_at: wireTime.nullable().meta({ description: 'When it was made (its `taken_at`).' }),
    newest_proved_at_source: takenAtSource.nullable(),
    newest_proved_age_s: z.int().nullable().meta({ description: 'How old it is now, seconds.' }),
    // A server of an earlier release does not say it.
    retired_at: wireTime.nullable().default(null).meta({
      description:
        'When it was retired: no newer backup of it is expected. Null if it is not, or a newer backup was recorded since.',
    }),
  })
  .meta({ id: 'Resource' });
export type Resource = z.infer<typeof resource>;

/** By id. With `source_id`, only the resources and backups that this source has seen. */
export const listResourcesInput = z.object({
  project_id: projectId,
  level: queryEnum(verificationLevels)
    .default('linkage')
    .meta({ description: 'The level that a backup must have reached to count as proved.' }),
  source_id: madeId.optional(),
  resource_id: opaqueId.optional(),
  limit: paging.limit,
  marker: paging.marker,
});
export type ResourceFilter = z.output<typeof listResourcesInput>;

export const retireResourceInput = z.object({ project_id: projectId, resource_id: opaqueId });

/** Its newest backup is that proved to linkage. */
export const resourceAnswer = z.object({ resource }).meta({ id: 'ResourceAnswer' });

export const listResourcesAnswer = z
  .object({ resources: z.array(resource), count: z.int(), limit: z.int() })
  .meta({ id: 'ListResourcesAnswer' });
