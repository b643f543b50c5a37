import { z } from 'zod';
import {
  backupId,
  bucketName,
  createdAt,
  madeId,
  operationId,
  projectId,
  shown,
  sourceId,
  text,
  wireTime,
} from './fields.ts';
import { operation } from './operation.ts';
import { operationStatus } from './operation-log.ts';
import { reason } from './reason-code.ts';
import { resource } from './resource.ts';
import { listedPrefix, pathTemplate } from './scan.ts';
import { backupFormat, verificationLevel } from './verification.ts';

/** Minimum number of seconds between two runs: a listing of a large bucket takes minutes and costs money. */
const intervalLeastS = 60;
const yearS = 366 * 24 * 60 * 60;

/** Default of `incomplete_after_s`. A backup without its commit mark after a day was probably abandoned. */
export const incompleteAfterDefaultS = 24 * 60 * 60;

const seconds = (least: number) =>
  z
    .number()
    .int('must be whole seconds')
    .min(least, `must be at least ${least} seconds`)
    .max(10 * yearS);

const sourceFields = {
  name: text(1, 64).meta({ description: 'Name of the source, unique in its project.' }),
  bucket_name: bucketName,
  prefix: listedPrefix,
  format: backupFormat
    .exclude(['unknown'])
    .nullable()
    .default(null)
    .meta({ description: 'Only backups in this format; null for all known formats.' }),
  path_template: pathTemplate
    .nullable()
    .default(null)
    .meta({ description: 'Only backups in unknown formats, found by this path template; null for none of them.' }),
  level: verificationLevel
    .default('linkage')
    .meta({ description: 'Level that a backup must reach to count as proved.' }),
  interval_s: seconds(intervalLeastS)
    .nullable()
    .default(null)
    .meta({ description: 'Seconds between automatic runs; null for manual runs only.' }),
  reverify_after_s: seconds(intervalLeastS).nullable().default(null).meta({
    description: 'Seconds after which a proof is repeated from the bucket; null if a proof is kept while it holds.',
  }),
  incomplete_after_s: seconds(0)
    .default(incompleteAfterDefaultS)
    .meta({ description: 'Seconds after which a backup without its commit mark counts as an error.' }),
  removal_share: z.number().min(0).max(1).default(0.2).meta({
    description: 'Share of the records that may vanish at once before confirmation is required, from 0 to 1.',
  }),
};

const force = z
  .boolean()
  .default(false)
  .meta({ description: 'Skip the check that the bucket and prefix can be listed and contain an object.' });

/** The description of a field of the input, for the same field of the answer. */
const sameAs = (field: z.ZodType) => ({ description: field.meta()?.description ?? '' });

export const addSourceInput = z.object({ project_id: projectId, ...sourceFields, force });

/** A field of an update: it may be left out, and the source then keeps its value. */
const changed = <Schema extends z.ZodType>(field: z.ZodDefault<Schema>) =>
  field.removeDefault().optional().meta(sameAs(field));

/**
 * Input of a change of a source. The bucket cannot change: another bucket is another source. Records outside a new
 * prefix leave the source without being marked as vanished.
 */
export const updateSourceInput = z.object({
  project_id: projectId,
  source_id: sourceId,
  prefix: changed(sourceFields.prefix),
  level: changed(sourceFields.level),
  interval_s: changed(sourceFields.interval_s),
  reverify_after_s: changed(sourceFields.reverify_after_s),
  incomplete_after_s: changed(sourceFields.incomplete_after_s),
  force,
});

/** Why a source is held, by cause, in the words that are shown. */
const holds = {
  empty_listing: 'the listing showed no backup at all, although there are records',
  too_many: 'more records are missing from the listing than may vanish at once',
} as const;
export type HoldCause = keyof typeof holds;
export const holdCauses = Object.keys(holds) as [HoldCause, ...HoldCause[]];

const holdRemedy =
  'Check that the bucket is the right one and complete. Put back what was removed by mistake: when everything is back, the next run ends the hold. To accept the removals, confirm the source: what is still missing is marked as vanished.';

export const hold = z
  .object({
    cause: z.enum(holdCauses).meta({
      description: `Cause of the hold. empty_listing: ${holds.empty_listing}. too_many: ${holds.too_many}.`,
    }),
    since: wireTime.meta({ description: 'When the source was held.' }),
    operation_id: madeId
      .nullable()
      .meta({ description: 'Id of the run that found the records missing; null if it is not known.' }),
    message: z.string().meta({ description: 'Why the source is held.' }),
    remedy: z.string().meta({ description: 'What to do about it.' }),
  })
  .meta({ id: 'Hold', description: 'Why and since when a source is held.' });

/** Builds the shown form of a hold. */
export function describeHold(cause: HoldCause, since: string, operationId: string | null): z.infer<typeof hold> {
  return { cause, since, operation_id: operationId, message: holds[cause], remedy: holdRemedy };
}

export const source = z
  .object({
    id: sourceId,
    name: z.string().meta(sameAs(sourceFields.name)),
    bucket_name: shown.bucketName,
    prefix: z.string().meta(sameAs(sourceFields.prefix)),
    format: backupFormat.nullable().meta(sameAs(sourceFields.format)),
    path_template: z.string().nullable().meta(sameAs(sourceFields.path_template)),
    level: verificationLevel.meta(sameAs(sourceFields.level)),
    interval_s: z.int().nullable().meta(sameAs(sourceFields.interval_s)),
    reverify_after_s: z.int().nullable().meta(sameAs(sourceFields.reverify_after_s)),
    removal_share: z.number().meta(sameAs(sourceFields.removal_share)),
    incomplete_after_s: z.int().meta(sameAs(sourceFields.incomplete_after_s)),
    status: z.enum(['active', 'paused', 'held']).meta({
      description:
        'State: active, paused or held. A held source still imports, but marks nothing as vanished until someone confirms or everything missing is back.',
    }),
    paused: z.boolean().meta({ description: 'Whether automatic runs are paused. A held source can be paused too.' }),
    held: hold.nullable().meta({ description: 'Why and since when the source is held; null if it is not.' }),
    created_at: createdAt,
    next_run_at: wireTime.nullable().meta({
      description: 'When the next automatic run is due, unless the source is paused; null for manual runs only.',
    }),
    last_run_id: madeId.nullable().meta({ description: 'Id of the newest run, an operation; null before the first.' }),
    last_run: z
      .object({
        status: operationStatus,
        reason: reason.nullable().meta({
          description: 'Why the run failed, or the problem of the first backup in error; null otherwise.',
        }),
        objects_listed: z.int().meta({ description: 'Number of objects listed so far.' }),
        ended_at: wireTime.nullable().meta({ description: 'When the run ended; null until then.' }),
      })
      .nullable()
      .meta({ description: 'State of the newest run; null before the first.' }),
    last_good_sync_at: wireTime.nullable().meta({
      description:
        'Start of the newest good run: it listed everything and at least one object, and no import failed for a reason that may pass. Backups with a final error do not make a run bad. Null before the first.',
    }),
  })
  .meta({ id: 'Source', description: 'A bucket, or a prefix of one, that the server scans repeatedly.' });
export type Source = z.infer<typeof source>;

export const sourceAnswer = z.object({ source }).meta({ id: 'SourceAnswer' });
export const listSourcesInput = z.object({ project_id: projectId });
export const listSourcesAnswer = z
  .object({ sources: z.array(source).meta({ description: 'Sources of the project, sorted by name.' }) })
  .meta({ id: 'ListSourcesAnswer' });
export const showSourceInput = z.object({ project_id: projectId, source_id: sourceId });

export const showSourceAnswer = z
  .object({
    source,
    last_run: operation
      .nullable()
      .meta({ description: 'The newest run: how it ended, and why if it failed; null before the first.' }),
    resources: z.array(resource).meta({
      description:
        'Resources that this source has seen, with backups proved to its level. Sorted by id, the first 1,000.',
    }),
    held_backups: z
      .array(z.object({ backup_id: backupId, image_path: shown.imagePath }))
      .meta({ description: 'Backups that a confirmation allows to be marked as vanished; the first 1,000.' }),
    held_count: z.int().meta({ description: 'Number of these backups in all.' }),
    errors: z
      .array(
        z.object({
          backup_id: backupId.nullable().meta({ description: 'Id of the backup; null if it is not known.' }),
          backup_name: z.string().nullable().meta({ description: 'Name of the backup; null if it is not known.' }),
          image_path: shown.imagePath,
          reason: reason.meta({ description: 'Why the backup is in error.' }),
        }),
      )
      .meta({
        description: 'Backups in error in the newest complete listing. Sorted by image path, the first 1,000.',
      }),
    error_count: z.int().meta({ description: 'Number of these backups in all.' }),
  })
  .meta({ id: 'ShowSourceAnswer' });

/** Input of `POST /v3/{project_id}/checkpoints/sync`. `auto_trigger` is accepted and ignored. */
export const syncCheckpointInput = z.object({
  project_id: projectId,
  sync: z
    .object({
      vault_id: sourceId,
      auto_trigger: z.boolean().optional().meta({ description: 'Ignored; for compatibility with CBR.' }),
    })
    .meta({ description: 'The source to run.' }),
});
export const syncCheckpointAnswer = z
  .object({
    sync: z
      .object({
        vault_id: sourceId,
        operation_log_id: operationId.meta({ description: 'Id of the run, an operation: its log shows how it ends.' }),
      })
      .meta({ description: 'The run that was started, or that is already listing.' }),
  })
  .meta({ id: 'SyncCheckpointAnswer' });
