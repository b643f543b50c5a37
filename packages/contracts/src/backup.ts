import { z } from 'zod';
import { fact } from './fact.ts';
import {
  backupId,
  backupName,
  compatibility,
  enterpriseProject,
  idPrefix,
  madeId,
  type OneOrSeveral,
  ownProjectId,
  page,
  paging,
  projectId,
  queryBoolean,
  queryEnum,
  queryInteger,
  queryList,
  queryTime,
  resourceId,
  severalTexts,
  shown,
  wireTime,
} from './fields.ts';
import { limitsOfProof } from './gap.ts';
import { reason } from './reason-code.ts';
import { backupFormat, expandedVolume, verificationLevel } from './verification.ts';

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

export const takenAtSource = z.enum(['format', 'object', 'request']).meta({
  id: 'TakenAtSource',
  description:
    'Origin of the time of the backup. format: its own metadata. object: the modification time of its newest object. ' +
    'request: the sync request.',
});
export type TakenAtSource = z.infer<typeof takenAtSource>;

/** Fields beyond those of CBR: how far the backup is proved, where it is stored, and why it is in error. */
const backupAddition = z.object({
  taken_at: wireTime.meta({ description: 'When the backup was made. Its age counts from this time.' }),
  taken_at_source: takenAtSource.meta({ description: 'Origin of taken_at.' }),
  time_contradiction: z.string().nullable().meta({
    description: 'Which times of the backup contradict each other, and what to do; null if they agree.',
  }),
  storage_unit: z.string().meta({ description: 'Id of the storage unit that has the bucket.' }),
  bucket_name: shown.bucketName,
  image_path: shown.imagePath,
  format: backupFormat,
  level: verificationLevel
    .nullable()
    .meta({ description: 'Level to which the whole chain is proved; null if to none.' }),
  ...limitsOfProof,
  facts: z
    .array(fact)
    .default([])
    .meta({ description: 'What reading the backup has shown, although no level says it.' }),
  verified_at: wireTime.nullable().meta({ description: 'When the level was proved; null if there is no level.' }),
  check_version: z.string().nullable().meta({ description: 'Version of the check that proved the level.' }),
  evidence: z
    .object({
      digest: z.string().meta({
        description: 'SHA-256, in hex, over the sorted listing of the backup: keys, sizes, ETags and times.',
      }),
      content_id: z.string().nullable().meta({
        description:
          'Identifies the content: equal for copies of the same backup. Null if the metadata cannot be read.',
      }),
      object_count: z.int().meta({ description: 'Number of objects of the backup.' }),
      stored_bytes: z.int().meta({ description: 'Size of these objects, in bytes.' }),
      newest_object_at: wireTime
        .nullable()
        .meta({ description: 'When the newest of these objects was written; null if there are none.' }),
      volume_sha256: z.string().nullable().meta({
        description:
          'SHA-256 of the whole replayed volume, in hex. Null until the backup is replayed, and again once its chain changes.',
      }),
      expanded: z
        .array(expandedVolume)
        .default([])
        .meta({
          description:
            'Volumes that this content expanded to when it was first replayed, if its format has no hash to compare them ' +
            'with. Another value later is a fault.',
        }),
    })
    .meta({ description: 'What the proof read and found in the bucket.' }),
  last_operation_log_id: madeId.meta({ description: 'Id of the operation that last proved or changed the backup.' }),
  reason: reason.nullable().meta({ description: 'Why the backup is in error; null if it is available.' }),
});

export const backup = z
  .object({
    id: backupId,
    name: shown.backupName,
    description: compatibility.text,
    checkpoint_id: z
      .string()
      .nullable()
      .meta({ description: 'Id of the run of a source that imported the backup; null if none did.' }),
    created_at: wireTime.meta({ description: 'When the record was created.' }),
    updated_at: wireTime.meta({ description: 'When the record last changed.' }),
    protected_at: wireTime.meta({ description: 'When the backup was made, as the request says.' }),
    expired_at: wireTime.nullable().meta({ description: 'Always null: records do not expire.' }),
    extend_info: z
      .object({
        auto_trigger: z.boolean().meta({ description: 'Always false; for compatibility with CBR.' }),
        supported_restore_mode: z.string().meta({ description: 'Always na; for compatibility with CBR.' }),
        support_lld: z.boolean().meta({ description: 'Always false; for compatibility with CBR.' }),
      })
      .meta({ description: 'For compatibility with CBR.' }),
    image_type: z.enum(imageTypes).meta({ description: 'Always sync: the backup was imported.' }),
    parent_id: z
      .string()
      .nullable()
      .meta({ description: 'Id of the parent; null for a full backup, and if the parent is not known.' }),
    project_id: ownProjectId,
    enterprise_project_id: compatibility.text,
    resource_az: compatibility.text,
    resource_id: resourceId,
    resource_name: shown.resourceName,
    resource_size: z
      .int()
      .nullable()
      .meta({ description: 'Size in GiB, rounded up; null if the format does not record it.' }),
    resource_type: shown.resourceType,
    status: z.enum(backupStatuses).meta({
      description: 'State: available, or error for the reason in backup_sync. The other states of CBR do not occur.',
    }),
    vault_id: z.string().nullable().meta({
      description:
        'Id of the source that first imported or saw the backup. Once that is removed: its oldest other source, or null.',
    }),
    vault_name: z.string().nullable().meta({ description: 'Name of that source; null if there is none.' }),
    provider_id: compatibility.text,
    incremental: z
      .boolean()
      .nullable()
      .meta({ description: 'Whether the backup builds on a parent; null if that is not known.' }),
    version: z.int().meta({ description: 'Revision of the record: starts at 1 and rises by 1 with each change.' }),
    replication_records: compatibility.empty,
    children: compatibility.empty,
    backup_sync: backupAddition.meta({ description: 'Fields that CBR does not have: proof, place and reason.' }),
  })
  .meta({ id: 'Backup', description: 'The record of a backup in the catalogue, in the form of CBR.' });
export type Backup = z.infer<typeof backup>;

/** Characters of a wrong key that the message repeats. */
const shownMax = 32;

/** Sort keys of backups. */
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
 * Filters of the listing of backups. Names, ids and types are compared exactly. Filters of CBR for fields that records
 * here do not have still filter by their meaning. Only backup-sync has `id_prefix`. Other parameters are ignored, as CBR
 * does.
 */
export const listBackupsInput = z.object({
  project_id: projectId,
  checkpoint_id: z.string().optional().meta({ description: 'Only backups that this run of a source imported.' }),
  dec: queryBoolean.optional().meta({ description: 'Ignored: it has a meaning only in a dedicated cloud.' }),
  start_time: queryTime
    .optional()
    .meta({ description: 'Only backups made at this time or later (protected_at), e.g. 2018-02-01T12:00:00Z.' }),
  end_time: queryTime
    .optional()
    .meta({ description: 'Only backups made at this time or earlier (protected_at), e.g. 2018-02-01T12:00:00Z.' }),
  enterprise_project_id: enterpriseProject.optional(),
  id_prefix: idPrefix.optional(),
  image_type: queryEnum(imageTypes)
    .optional()
    .meta({ description: 'Origin of the backup: every record is sync, so the other values match nothing.' }),
  incremental: queryBoolean
    .optional()
    .meta({ description: 'Only backups that build on a parent (true), or only full backups (false).' }),
  member_status: queryEnum(memberStatuses).optional().meta({ description: 'Matches nothing: backups are not shared.' }),
  name: z.string().optional().meta({ description: 'Only backups with exactly this name.' }),
  own_type: queryEnum(['all_granted', 'private', 'shared']).optional().meta({
    description: 'Owner: private and all_granted match every backup, shared none: backups are not shared.',
  }),
  parent_id: z.string().optional().meta({ description: 'Only backups that build on the backup with this id.' }),
  resource_az: z.string().optional().meta({ description: 'Matches nothing: no record has an availability zone.' }),
  resource_id: z.string().optional().meta({ description: 'Only backups of the resource with this id.' }),
  resource_name: z.string().optional().meta({ description: 'Only backups of resources with exactly this name.' }),
  resource_type: z
    .string()
    .optional()
    .meta({ description: 'Only backups of resources of this type, e.g. OS::Native::Server.' }),
  show_replication: queryBoolean.optional().meta({ description: 'Ignored: records have no replicas.' }),
  sort: backupSort.default([{ key: 'created_at', direction: 'desc' }]).meta({
    description:
      'Keys to sort by, separated by commas (default created_at). A key may end in :asc or :desc (default :desc). ' +
      `Keys: ${backupSortKeys.join(', ')}.`,
  }),
  status: queryList(backupStatuses)
    .optional()
    .meta({ description: 'Only backups in these states: available or error. The other states match nothing.' }),
  used_percent: queryInteger(1, 100).optional().meta({ description: 'Matches nothing: vaults have no capacity.' }),
  vault_id: z
    .string()
    .optional()
    .meta({ description: 'Only backups that the source with this id has, or imported first.' }),
  ...paging,
});
export type BackupFilter = z.output<typeof listBackupsInput>;

export const listBackupsAnswer = z
  .object({ backups: z.array(backup).meta({ description: 'Backups of this page.' }), ...page })
  .meta({ id: 'ListBackupsAnswer' });

export const showBackupInput = z.object({ project_id: projectId, backup_id: backupId });
/** Input of `PUT /v3/{project_id}/backups/{backup_id}`: a new name, the only thing of a backup that CBR changes. */
export const updateBackupInput = showBackupInput.extend({
  backup: z
    .object({
      name: backupName.meta({
        description: 'New name. It stays until a sync request has another name than the sync request before it.',
      }),
    })
    .meta({ description: 'What to change.' }),
});
export const showBackupAnswer = z.object({ backup }).meta({ id: 'ShowBackupAnswer' });
