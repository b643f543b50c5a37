import { z } from 'zod';
import { bucketName, madeId, opaqueId, projectId, text, wireTime } from './fields.ts';
import { operation } from './operation.ts';
import { operationStatus } from './operation-log.ts';
import { reason } from './reason-code.ts';
import { resource } from './resource.ts';
import { listedPrefix, pathTemplate } from './scan.ts';
import { backupFormat, verificationLevel } from './verification.ts';

/** Seconds between two runs at least: a listing of a large bucket takes minutes, and is paid for. */
const intervalLeastS = 60;
const yearS = 366 * 24 * 60 * 60;

/** A backup that is still without its commit mark after a day was probably abandoned. */
export const incompleteAfterDefaultS = 24 * 60 * 60;

const seconds = (least: number) =>
  z
    .number()
    .int('must be whole seconds')
    .min(least, `must be at least ${least} seconds`)
    .max(10 * yearS);

const sourceFields = {
  name: text(1, 64).meta({ description: 'Unique in its project.' }),
  bucket_name: bucketName,
  prefix: listedPrefix,
  format: backupFormat
    .exclude(['unknown'])
    .nullable()
    .default(null)
    .meta({ description: 'Only backups of this format; null: of all that are known.' }),
  path_template: pathTemplate
    .nullable()
    .default(null)
    .meta({ description: 'Only backups in formats that are not known, found by this path; null: none of them.' }),
  level: verificationLevel
    .default('linkage')
    .meta({ description: 'The level that a backup must have reached to count as proved.' }),
  interval_s: seconds(intervalLeastS)
    .nullable()
    .default(null)
    .meta({ description: 'Seconds from run to run; null: by hand alone.' }),
  reverify_after_s: seconds(intervalLeastS)
    .nullable()
    .default(null)
    .meta({ description: 'Seconds after which a proof is made anew, from the bucket; null: while it holds.' }),
  incomplete_after_s: seconds(0)
    .default(incompleteAfterDefaultS)
    .meta({ description: 'Seconds after which a backup without its commit mark counts as an error.' }),
  removal_share: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .meta({ description: 'Share of the records that may be missing at once before removals wait for someone.' }),
};

const force = z
  .boolean()
  .default(false)
  .meta({ description: 'Skip the check that the place can be listed and has an object.' });

export const addSourceInput = z.object({ project_id: projectId, ...sourceFields, force });

/** A field of a source as it is changed: left out, it stays as it is. */
const changed = <Schema extends z.ZodType>(field: z.ZodDefault<Schema>) =>
  field
    .removeDefault()
    .optional()
    .meta({ description: field.meta()?.description ?? '' });

/** What of a source can change. Another bucket is another source. */
export const updateSourceInput = z.object({
  project_id: projectId,
  source_id: madeId,
  prefix: changed(sourceFields.prefix),
  level: changed(sourceFields.level),
  interval_s: changed(sourceFields.interval_s),
  reverify_after_s: changed(sourceFields.reverify_after_s),
  incomplete_after_s: changed(sourceFields.incomplete_after_s),
  force,
});

/** Why removals wait, in the words that are shown: nothing was listed though there are records, or too many are missing. */
const holds = {
  empty_listing: 'the listing showed no backup at all, though there are records',
  too_many: 'more records are missing from the listing than may go at once',
} as const;
export type HoldCause = keyof typeof holds;
export const holdCauses = Object.keys(holds) as [HoldCause, ...HoldCause[]];

const holdRemedy =
  'See that the bucket is the right one and whole, and bring back what was not meant to go. When all of it is back, the next run ends the hold. To let go of the rest, confirm the source: what is still missing is marked.';

/** Removals that wait, as they are shown. */
export const hold = z
  .object({
    cause: z.enum(holdCauses),
    since: wireTime,
    operation_id: madeId.nullable().meta({ description: 'The run that found them missing.' }),
    message: z.string().meta({ description: 'Why they wait.' }),
    remedy: z.string().meta({ description: 'What to do about it.' }),
  })
  .meta({ id: 'Hold' });

/** Puts a hold into the form that is shown. */
export function describeHold(cause: HoldCause, since: string, operationId: string | null): z.infer<typeof hold> {
  return { cause, since, operation_id: operationId, message: holds[cause], remedy: holdRemedy };
}

export const source = z
  .object({
    id: madeId,
    name: z.string(),
    bucket_name: z.string(),
    prefix: z.string(),
    format: backupFormat.nullable(),
    path_template: z.string().nullable(),
    level: verificationLevel,
    interval_s: z.int().nullable(),
    reverify_after_s: z.int().nullable(),
    removal_share: z.number(),
    incomplete_after_s: z.int(),
    status: z.enum(['active', 'paused', 'held']).meta({
      description:
        'held: it goes on bringing in, and marks nothing as gone until someone confirms, or all that is missing is back.',
    }),
    paused: z.boolean(),
    held: hold.nullable(),
    created_at: wireTime,
    next_run_at: wireTime.nullable(),
    last_run_id: madeId.nullable().meta({ description: 'The operation of the newest run.' }),
    last_run: z
      .object({
        status: operationStatus,
        reason: reason.nullable(),
        objects_listed: z.int(),
        ended_at: wireTime.nullable(),
      })
      .nullable()
      .meta({ description: 'How the newest run stands; null before the first.' }),
    last_good_sync_at: wireTime.nullable().meta({
      description:
        'When the newest good run began: one that listed everything, at least one object, and whose imports ended for good. A run that finds backups in error for good is a good run.',
    }),
  })
  .meta({ id: 'Source' });
export type Source = z.infer<typeof source>;

export const sourceAnswer = z.object({ source }).meta({ id: 'SourceAnswer' });
export const listSourcesInput = z.object({ project_id: projectId });
export const listSourcesAnswer = z.object({ sources: z.array(source) }).meta({ id: 'ListSourcesAnswer' });
export const showSourceInput = z.object({ project_id: projectId, source_id: madeId });

export const showSourceAnswer = z
  .object({
    source,
    last_run: operation
      .nullable()
      .meta({ description: 'The newest run: how it ended, and why where it failed; null before the first.' }),
    resources: z
      .array(resource)
      .meta({ description: 'What this source has seen, proved to its level; by id, the first thousand.' }),
    held_backups: z
      .array(z.object({ backup_id: opaqueId, image_path: z.string() }))
      .meta({ description: 'What confirming lets be marked as gone, the first thousand.' }),
    held_count: z.int(),
    errors: z
      .array(
        z.object({
          backup_id: opaqueId.nullable(),
          backup_name: z.string().nullable(),
          image_path: z.string(),
          reason,
        }),
      )
      .meta({ description: 'Backups in error as of the newest complete listing, by image path, the first thousand.' }),
    error_count: z.int(),
  })
  .meta({ id: 'ShowSourceAnswer' });

/** Body of `POST /v3/{project_id}/checkpoints/sync`. `auto_trigger` is taken and changes nothing. */
export const syncCheckpointInput = z.object({
  project_id: projectId,
  sync: z.object({
    vault_id: madeId.meta({ description: 'Id of a source.' }),
    auto_trigger: z.boolean().optional(),
  }),
});
export const syncCheckpointAnswer = z
  .object({ sync: z.object({ vault_id: madeId, operation_log_id: madeId }) })
  .meta({ id: 'SyncCheckpointAnswer' });
