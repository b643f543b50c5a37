import { z } from 'zod';
import {
  backupId,
  compatibility,
  enterpriseProject,
  opaqueId,
  operationId,
  ownProjectId,
  page,
  paging,
  projectId,
  queryEnum,
  queryList,
  queryTime,
  shown,
  wireTime,
} from './fields.ts';
import { reason } from './reason-code.ts';
import { verificationLevel } from './verification.ts';

/** `skipped` exists in CBR and is never sent: official clients would keep waiting for its end. */
export const operationStatuses = ['success', 'skipped', 'failed', 'running', 'timeout', 'waiting'] as const;
export const operationStatus = z.enum(operationStatuses).meta({
  id: 'OperationStatus',
  description:
    'State of the operation. waiting: queued, or waiting for another attempt or a parent. running: being worked on. ' +
    'success, failed or timeout: ended, for the reason given. skipped: never sent; for compatibility with CBR.',
});
export type OperationStatus = z.infer<typeof operationStatus>;

/** Whether an operation in this state has ended. */
export function hasEnded(status: OperationStatus): boolean {
  return status !== 'waiting' && status !== 'running';
}

/** Types of operations in CBR. Operations here are `sync` or `delete`. */
export const operationTypes = [
  'backup',
  'copy',
  'replication',
  'restore',
  'delete',
  'sync',
  'vault_delete',
  'remove_resource',
  'migrate_resources',
] as const;
export type OperationType = (typeof operationTypes)[number];

export const syncOutcomes = [
  'created',
  'unchanged',
  'verified',
  'updated',
  'moved',
  'superseded',
  'marked',
  'none',
] as const;
export const syncOutcome = z.enum(syncOutcomes).meta({
  id: 'SyncOutcome',
  description:
    'What a sync did to the catalogue. created: a record was created. ' +
    'unchanged: the record did not change, and only the listing was read. ' +
    'verified: the record stayed, and was proved again because the evidence or the check had changed. ' +
    'updated: the names changed, or the content of a backup that is only present or has no id but its place, and the record was updated. ' +
    'moved: the same backup is at another place now, and the record was updated. ' +
    'superseded: another backup replaced one that was broken or incomplete. ' +
    'marked: the record was kept, or created, as broken or incomplete, with the reason. ' +
    'none: the catalogue was not changed.',
});
export type SyncOutcome = z.infer<typeof syncOutcome>;

const integer = z.int();

export const waitingFor = z
  .object({
    reason: reason.meta({ description: 'What failed; names the bucket.' }),
    since: wireTime.meta({ description: 'When the operation first failed, or when its bucket stopped answering.' }),
    attempts: integer.min(0).meta({
      description: 'Failed attempts so far of the operation itself, or to reach the bucket that it waits for.',
    }),
    next_attempt_at: wireTime
      .nullable()
      .meta({ description: 'Earliest time of the next attempt; null if it is due now.' }),
  })
  .meta({ id: 'WaitingFor', description: 'Why an operation waits for the server to retry it.' });
export type WaitingFor = z.infer<typeof waitingFor>;

/** The field of an operation that says why it waits. */
export const waitingForField = waitingFor.nullable().meta({
  description: 'Why a waiting operation is not running yet. Null if nothing has failed, and once it runs or has ended.',
});

/** The times of an operation of any kind. */
export const operationTimes = {
  created_at: wireTime.meta({ description: 'When the operation was accepted.' }),
  started_at: wireTime.nullable().meta({
    description:
      'When the current or last attempt started; null while the operation waits, or if it ended without one.',
  }),
  ended_at: wireTime.nullable().meta({ description: 'When the operation ended; null until then.' }),
  updated_at: wireTime.meta({ description: 'When the operation last changed.' }),
};

/** Counts of requests made to storage. */
export const requestCounts = {
  lists: integer.meta({ description: 'Number of LIST requests: one for each page of a listing.' }),
  gets: integer.meta({ description: 'Number of GET and HEAD requests.' }),
  bytes_read: integer.meta({ description: 'Bytes of objects that were read.' }),
};

/** Fields of an operation log beyond those of CBR. */
const operationLogAddition = z.object({
  outcome: syncOutcome
    .nullable()
    .meta({ description: 'What the import did to the catalogue; null until the end, and for other operations.' }),
  message: z.string().meta({
    description: 'What happened, or which backup the operation waits for, in one sentence; empty until then.',
  }),
  level: verificationLevel.nullable().meta({ description: 'Level that was proved; null if none was.' }),
  reason: reason.nullable().meta({ description: 'Why the operation failed; null otherwise.' }),
  waiting_for: waitingForField,
  time_contradiction: z.string().nullable().meta({
    description: 'Which times of the backup contradict each other, and what to do; null if they agree.',
  }),
  requests: z.object(requestCounts).nullable().meta({
    description:
      'Requests made to storage for this operation. Requests that a chain shares count for its first operation. Null until the first attempt has ended.',
  }),
});

const operationLogId = operationId.meta({ description: 'Id of the operation; its log has the same id.' });

export const operationLog = z
  .object({
    id: operationLogId,
    checkpoint_id: z.string().nullable().meta({
      description:
        'Id of the run of a source that this log shows, or that accepted this import; null if there is none.',
    }),
    ...operationTimes,
    error_info: z
      .object({
        code: z.string().meta({ description: 'Number of the reason, e.g. BackupSync.2001; empty if there is none.' }),
        message: z.string().meta({ description: 'What happened and what to do; empty if there is no reason.' }),
      })
      .meta({ description: 'Why the operation failed, in the form of CBR; backup_sync.reason has more.' }),
    extra_info: z
      .object({
        backup: z
          .object({
            backup_id: backupId,
            backup_name: shown.backupName,
            incremental: z
              .boolean()
              .nullable()
              .meta({ description: 'Whether the backup builds on a parent; null if that is not known.' }),
          })
          .optional()
          .meta({ description: 'The backup of an import.' }),
        common: z
          .object({
            progress: integer
              .min(0)
              .max(100)
              .meta({ description: 'Percent: 100 once the operation has ended, else 0.' }),
            request_id: z.string().meta({ description: 'Id of the request that started the operation.' }),
            task_id: z.string().meta({ description: 'Id of the operation.' }),
          })
          .meta({ description: 'Fields of every operation.' }),
        delete: z
          .object({ backup_id: backupId, backup_name: shown.backupName })
          .optional()
          .meta({ description: 'The backup of a deletion.' }),
        resource: z
          .object({
            id: opaqueId.meta({ description: 'Id of the resource or source.' }),
            name: z.string().meta({ description: 'Name of the resource, or of the bucket of the source.' }),
            type: z.string().meta({ description: 'Type of the resource; vault for a source.' }),
          })
          .meta({ description: 'The resource that was backed up; for a run of a source, the source.' }),
        sync: z
          .object({
            sync_backup_num: integer.meta({ description: 'Number of backups that were imported or confirmed.' }),
            delete_backup_num: integer.meta({ description: 'Number of records that were marked as vanished.' }),
            err_sync_backup_num: integer.meta({ description: 'Number of backups in error.' }),
          })
          .optional()
          .meta({ description: 'Counts of an import or a run of a source; 0 until they are known.' }),
      })
      .meta({ description: 'Details, which depend on the operation.' }),
    operation_type: z
      .enum(operationTypes)
      .meta({ description: 'Type: sync for an import or a run of a source, or delete. The other types do not occur.' }),
    policy_id: compatibility.text,
    project_id: ownProjectId,
    provider_id: compatibility.text,
    vault_id: z
      .string()
      .nullable()
      .meta({ description: 'Id of the source whose run checkpoint_id names; null if there is none.' }),
    vault_name: z
      .string()
      .nullable()
      .meta({ description: 'Name of that source; null if there is none or it was removed.' }),
    status: operationStatus,
    backup_sync: operationLogAddition.meta({ description: 'Fields that CBR does not have.' }),
  })
  .meta({ id: 'OperationLog', description: 'An import, a deletion or a run of a source, in the form of CBR.' });
export type OperationLog = z.infer<typeof operationLog>;

export const showOperationLogInput = z.object({ project_id: projectId, operation_log_id: operationLogId });
export const showOperationLogAnswer = z.object({ operation_log: operationLog }).meta({ id: 'ShowOperationLogAnswer' });

/** Filters of the listing of operation logs, newest first. Other parameters are ignored, as CBR does. */
export const listOperationLogsInput = z.object({
  project_id: projectId,
  start_time: queryTime
    .optional()
    .meta({ description: 'Only operations accepted at this time or later, e.g. 2018-02-01T12:00:00Z.' }),
  end_time: queryTime
    .optional()
    .meta({ description: 'Only operations accepted at this time or earlier, e.g. 2018-02-01T12:00:00Z.' }),
  enterprise_project_id: enterpriseProject.optional(),
  operation_type: queryEnum(operationTypes)
    .optional()
    .meta({ description: 'Only operations of this type: sync or delete. The other types match nothing.' }),
  provider_id: z.string().optional().meta({ description: 'Matches nothing: no operation has a provider.' }),
  resource_id: z.string().optional().meta({ description: 'Only operations on backups of the resource with this id.' }),
  resource_name: z
    .string()
    .optional()
    .meta({ description: 'Only operations on backups of resources with exactly this name.' }),
  status: queryList(operationStatuses).optional().meta({ description: 'Only operations in these states.' }),
  vault_id: z
    .string()
    .optional()
    .meta({ description: 'Only runs of the source with this id, and the imports that they accepted or joined.' }),
  vault_name: z
    .string()
    .optional()
    .meta({ description: 'Only runs of the source with this name, and the imports that they accepted or joined.' }),
  ...paging,
});
export type OperationLogFilter = z.output<typeof listOperationLogsInput>;

export const listOperationLogsAnswer = z
  .object({
    operation_logs: z.array(operationLog).meta({ description: 'Operation logs of this page, newest first.' }),
    ...page,
  })
  .meta({ id: 'ListOperationLogsAnswer' });
