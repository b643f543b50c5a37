import { z } from 'zod';
import {
  backupName,
  enterpriseProject,
  idPrefix,
  madeId,
  type OneOrSeveral,
  opaqueId,
  paging,
  projectId,
  queryBoolean,
  queryEnum,
  queryInteger,
  queryList,
  queryTime,
  severalTexts,
  wireTime,
} from './fields.ts';
import { reason } from './reason-code.ts';
import { backupFormat, verificationLevel } from './verification.ts';

/** States of a backup in CBR. Records here are `available` or `error`; the others are only accepted as filters. */
export const backupStatuses = [
  'available',
  'protecting',
  'deleting',
  'restoring',
  'error',
  'waiting_protect',
  'waiting_delete',
  'waiting_restore',
  'deleted',
] as const;

/** States of a share. The SDKs say `accept`, the documentation of members says `accepted`. */
const memberStatuses = ['pending', 'accept', 'reject', 'accepted', 'rejected'] as const;

/** Origin of a backup in CBR. Every record here is `sync`: imported. */
const imageTypes = ['backup', 'replication', 'sync'] as const;

/**
 * Where `taken_at` comes from: `format` is the backup's own metadata, `object` the modification time of its newest
 * object, `request` the sync request.
 */
export const takenAtSource = z.enum(['format', 'object', 'request']).meta({ id: 'TakenAtSource' });
export type TakenAtSource = z.infer<typeof takenAtSource>;

/** Fields beyond those of CBR: how far the backup is proved, where it is stored, and why it is in error. */
const backupAddition = z.object({
  taken_at: wireTime.meta({ description: 'When the backup was made. Its age counts from this time.' }),
  taken_at_source: takenAtSource,
  time_contradiction: z.string().nullable().meta({
    description: 'Which times of the backup contradict each other, and what to do; null if they agree.',
  }),
  storage_unit: z.string(),
  bucket_name: z.string(),
  image_path: z.string(),
  format: backupFormat,
  level: verificationLevel
    .nullable()
    .meta({ description: 'Level to which the whole chain is proved; null if to none.' }),
  verified_at: wireTime.nullable().meta({ description: 'When the level was proved.' }),
  check_version: z.string().nullable().meta({ description: 'Version of the check that proved the level.' }),
  evidence: z
    .object({
      digest: z.string().meta({ description: 'SHA-256 over the sorted listing: keys, sizes, ETags and times.' }),
      content_id: z
        .string()
        .nullable()
        .meta({ description: 'Identifies the content: tells whether two places have the same backup.' }),
      object_count: z.int(),
      stored_bytes: z.int(),
      newest_object_at: wireTime.nullable(),
      volume_sha256: z.string().nullable().meta({
        description:
          'SHA-256 of the whole replayed volume, in hex. Null until the backup is replayed, and again once its chain changes.',
      }),
    })
    .meta({ description: 'What the proof read and found in the bucket.' }),
  last_operation_log_id: madeId,
  reason: reason.nullable(),
});

export const backup = z
  .object({
    id: opaqueId,
    name: z.string(),
    description: z.string().nullable(),
    checkpoint_id: z.string().nullable().meta({ description: 'The run of a source that imported it.' }),
    created_at: wireTime.meta({ description: 'When the record was created.' }),
    updated_at: wireTime,
    protected_at: wireTime.meta({ description: 'When the backup was made, as the request says.' }),
    expired_at: wireTime.nullable(),
    extend_info: z.object({
      auto_trigger: z.boolean(),
      supported_restore_mode: z.string(),
      support_lld: z.boolean(),
    }),
    image_type: z.enum(imageTypes),
    parent_id: z.string().nullable(),
    project_id: projectId,
    enterprise_project_id: z.string().nullable(),
    resource_az: z.string().nullable(),
    resource_id: opaqueId,
    resource_name: z.string(),
    resource_size: z
      .int()
      .nullable()
      .meta({ description: 'Size in GiB, rounded up; null if the format does not record it.' }),
    resource_type: z.string(),
    status: z.enum(backupStatuses),
    vault_id: z.string().nullable().meta({
      description: 'The source that first imported or saw it; once that is removed, its oldest other source.',
    }),
    vault_name: z.string().nullable().meta({ description: 'The name of that source.' }),
    provider_id: z.string().nullable(),
    incremental: z.boolean().nullable(),
    version: z.int(),
    replication_records: z.array(z.never()),
    children: z.array(z.never()),
    backup_sync: backupAddition,
  })
  .meta({ id: 'Backup' });
export type Backup = z.infer<typeof backup>;

/** Characters of a wrong key that the message repeats. */
const shownMax = 32;

/** Keys by which backups can be sorted. */
export const backupSortKeys = ['created_at', 'updated_at', 'name', 'status', 'protected_at', 'id'] as const;
export type BackupSortKey = (typeof backupSortKeys)[number];
export type BackupSort = { readonly key: BackupSortKey; readonly direction: 'asc' | 'desc' };

/** A sort key with an optional direction (default: descending). */
type BackupSortTerm = BackupSortKey | `${BackupSortKey}:${BackupSort['direction']}`;

/** `key[:asc|desc]`, several separated by commas or in an array. The type allows one value or an array. */
export const backupSort = severalTexts
  .refine((terms) => terms.length > 0, 'must name a key')
  .transform((terms, context) =>
    terms.map((term): BackupSort => {
      const [key, direction = 'desc', ...rest] = term.split(':');
      const known = backupSortKeys.find((each) => each === key);
      if (known === undefined || rest.length > 0 || (direction !== 'asc' && direction !== 'desc')) {
        const message = `"${term.slice(0, shownMax)}" must be one of ${backupSortKeys.join(', ')}, optionally followed by :asc or :desc`;
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      return { key: known, direction };
    }),
  )
  .meta({ shown: { type: 'string' } }) as z.ZodType<BackupSort[], OneOrSeveral<BackupSortTerm>>;

/**
 * Filters of the listing of backups. `start_time` and `end_time` bound `protected_at`.
 *
 * Names, ids, types and `parent_id` are compared exactly, `incremental` with what the chain says. Filters of CBR for
 * fields that records here do not have still filter by their meaning:
 *
 * | filter | here |
 * |---|---|
 * | `vault_id` | a source: its members, and the records that it imported first |
 * | `checkpoint_id` | a run of a source: the records that it imported |
 * | `resource_az`, `used_percent` (of a vault) | no record has one: nothing matches |
 * | `image_type` | every record is `sync`; `backup` and `replication` match nothing |
 * | `own_type` | every record belongs to the project: `private` and `all_granted` match all, `shared` nothing |
 * | `member_status` | applies to shared backups, and none exist: nothing matches |
 * | `dec` | has a meaning only in a dedicated cloud: every record matches |
 * | `enterprise_project_id` | `0` (the default one) and `all_granted_eps` match all, others nothing |
 * | `show_replication` | would add replicas, and records have none: every record matches |
 * | `status` | records are `available` or `error`; CBR's other states match nothing |
 *
 * Only backup-sync has `id_prefix`. Other parameters are ignored, as CBR does.
 */
export const listBackupsInput = z.object({
  project_id: projectId,
  checkpoint_id: z.string().optional(),
  dec: queryBoolean.optional(),
  start_time: queryTime.optional(),
  end_time: queryTime.optional(),
  enterprise_project_id: enterpriseProject.optional(),
  id_prefix: idPrefix.optional(),
  image_type: queryEnum(imageTypes).optional(),
  incremental: queryBoolean.optional(),
  member_status: queryEnum(memberStatuses).optional(),
  name: z.string().optional(),
  own_type: queryEnum(['all_granted', 'private', 'shared']).optional(),
  parent_id: z.string().optional(),
  resource_az: z.string().optional(),
  resource_id: z.string().optional(),
  resource_name: z.string().optional(),
  resource_type: z.string().optional(),
  show_replication: queryBoolean.optional(),
  sort: backupSort.default([{ key: 'created_at', direction: 'desc' }]),
  status: queryList(backupStatuses).optional(),
  used_percent: queryInteger(1, 100).optional(),
  vault_id: z.string().optional(),
  ...paging,
});
export type BackupFilter = z.output<typeof listBackupsInput>;

export const listBackupsAnswer = z
  .object({ backups: z.array(backup), count: z.int(), limit: z.int(), offset: z.int() })
  .meta({ id: 'ListBackupsAnswer' });

export const showBackupInput = z.object({ project_id: projectId, backup_id: opaqueId });
/** Input of `PUT /v3/{project_id}/backups/{backup_id}`: a new name, the only thing of a backup that CBR changes. */
export const updateBackupInput = showBackupInput.extend({
  backup: z.object({
    name: backupName.meta({
      description: 'New name. It stays until a sync request has another name than the sync request before it.',
    }),
  }),
});
export const showBackupAnswer = z.object({ backup }).meta({ id: 'ShowBackupAnswer' });
