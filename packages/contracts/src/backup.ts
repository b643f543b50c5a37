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

/** States of a backup in CBR. This system gives `available` and `error`; the others are accepted as filters. */
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

/** States of a share: the SDKs say `accept` where the documentation of members says `accepted`. */
const memberStatuses = ['pending', 'accept', 'reject', 'accepted', 'rejected'] as const;

/** Where a backup comes from, in CBR's words. Here all are `sync`: brought in. */
const imageTypes = ['backup', 'replication', 'sync'] as const;

/**
 * Where `taken_at` comes from: `format`, the backup's own metadata; `object`, the modification time of its newest
 * object; `request`, the sync request.
 */
export const takenAtSource = z.enum(['format', 'object', 'request']).meta({ id: 'TakenAtSource' });
export type TakenAtSource = z.infer<typeof takenAtSource>;

/** How a record is proved, where the backup lies, and why it is broken if it is: beside CBR's own fields. */
const backupAddition = z.object({
  taken_at: wireTime.meta({ description: 'When the backup was made: its age counts from then.' }),
  taken_at_source: takenAtSource,
  time_contradiction: z.string().nullable().meta({
    description: 'Which times of the backup contradict each other, and what to do; null if they agree.',
  }),
  storage_unit: z.string(),
  bucket_name: z.string(),
  image_path: z.string(),
  format: backupFormat,
  level: verificationLevel.nullable().meta({ description: 'Level proved of the whole chain; null where none is.' }),
  verified_at: wireTime.nullable().meta({ description: 'When that was proved.' }),
  check_version: z.string().nullable().meta({ description: 'Version of the check that proved it.' }),
  evidence: z
    .object({
      digest: z.string().meta({ description: 'SHA-256 over the sorted listing: keys, sizes, ETags, times.' }),
      content_id: z.string().nullable().meta({ description: 'Tells whether it is the same backup.' }),
      object_count: z.int(),
      stored_bytes: z.int(),
      newest_object_at: wireTime.nullable(),
      volume_sha256: z.string().nullable().meta({
        description:
          'SHA-256 of the whole volume, hex, as its replay gave it. Null until it is replayed, and once its chain has changed.',
      }),
    })
    .meta({ description: 'What was seen in the bucket.' }),
  last_operation_log_id: madeId,
  reason: reason.nullable(),
});

export const backup = z
  .object({
    id: opaqueId,
    name: z.string(),
    description: z.string().nullable(),
    checkpoint_id: z.string().nullable().meta({ description: 'The run of a source that imported it.' }),
    created_at: wireTime.meta({ description: 'When the record was made.' }),
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
    resource_size: z.int().nullable().meta({ description: 'GiB, rounded up; null where the format does not say.' }),
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

/** Characters of a wrong key that are repeated. */
const shownMax = 32;

/** Keys by which backups can be sorted. */
export const backupSortKeys = ['created_at', 'updated_at', 'name', 'status', 'protected_at', 'id'] as const;
export type BackupSortKey = (typeof backupSortKeys)[number];
export type BackupSort = { readonly key: BackupSortKey; readonly direction: 'asc' | 'desc' };

/** A key, and the direction: descending if none is given. */
type BackupSortTerm = BackupSortKey | `${BackupSortKey}:${BackupSort['direction']}`;

/** `key[:asc|desc]`, several separated by commas or in an array. By type one of them, or an array. */
export const backupSort = severalTexts
  .refine((terms) => terms.length > 0, 'must name a key')
  .transform((terms, context) =>
    terms.map((term): BackupSort => {
      const [key, direction = 'desc', ...rest] = term.split(':');
      const known = backupSortKeys.find((each) => each === key);
      if (known === undefined || rest.length > 0 || (direction !== 'asc' && direction !== 'desc')) {
        const message = `"${term.slice(0, shownMax)}" must be one of ${backupSortKeys.join(', ')}, with :asc or :desc after it or nothing`;
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      return { key: known, direction };
    }),
  )
  .meta({ shown: { type: 'string' } }) as z.ZodType<BackupSort[], OneOrSeveral<BackupSortTerm>>;

/**
 * Filters of the listing. `start_time` and `end_time` bound `protected_at`.
 *
 * Names, ids, types and `parent_id` are compared as they are, `incremental` with what the chain says. What CBR has and
 * records here have not is filtered by its meaning all the same:
 *
 * | filter | here |
 * |---|---|
 * | `vault_id` | the source: its members, and the records that it first imported |
 * | `checkpoint_id` | the run of a source: the records that it imported |
 * | `resource_az`, `used_percent` (of a vault) | no record has one: nothing matches |
 * | `image_type` | every record is `sync`; `backup` and `replication` match nothing |
 * | `own_type` | every record is the project's own: `private` and `all_granted` match all, `shared` nothing |
 * | `member_status` | is of shared backups: nothing matches |
 * | `dec` | has a meaning in a dedicated cloud only: every record matches |
 * | `enterprise_project_id` | `0`, the default one, and `all_granted_eps` match all, any other nothing |
 * | `show_replication` | would add to the records, which have no replicas: every record matches |
 * | `status` | records are `available` or `error`; CBR's other states match nothing |
 *
 * `id_prefix` is this system's own. Other parameters are ignored, as the cloud does.
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
/** Body of `PUT /v3/{project_id}/backups/{backup_id}`: a new name, which is all that CBR changes of a backup. */
export const updateBackupInput = showBackupInput.extend({ backup: z.object({ name: backupName }) });
export const showBackupAnswer = z.object({ backup }).meta({ id: 'ShowBackupAnswer' });
