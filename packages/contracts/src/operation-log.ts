import { z } from 'zod';
import {
  enterpriseProject,
  madeId,
  opaqueId,
  paging,
  projectId,
  queryEnum,
  queryList,
  queryTime,
  wireTime,
} from './fields.ts';
import { reason } from './reason-code.ts';
import { verificationLevel } from './verification.ts';

/**
 * States of an operation. `waiting` and `running` can still change; the others are final.
 * `skipped` exists in CBR and is never sent: official clients would wait for it without end.
 */
export const operationStatuses = ['success', 'skipped', 'failed', 'running', 'timeout', 'waiting'] as const;
export const operationStatus = z.enum(operationStatuses).meta({ id: 'OperationStatus' });
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

/**
 * What a sync did to the catalogue:
 * - `created`: a record was created;
 * - `unchanged`: the record stayed as it was, and only the listing was read;
 * - `verified`: the record stayed, and was proved again because the evidence or the check had changed;
 * - `updated`: the names changed or, at `presence`, the content, and the record was updated;
 * - `moved`: the same backup is at another place now, and the record was updated;
 * - `superseded`: another backup replaced one that was broken or incomplete;
 * - `marked`: the record was kept, or created, as broken or incomplete, with the reason;
 * - `none`: the catalogue was not changed.
 */
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
export const syncOutcome = z.enum(syncOutcomes).meta({ id: 'SyncOutcome' });
export type SyncOutcome = z.infer<typeof syncOutcome>;

const integer = z.int();

/** Why an operation waits for the server to retry it. */
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
  .meta({ id: 'WaitingFor' });
export type WaitingFor = z.infer<typeof waitingFor>;

/** The field of an operation that says why it waits. */
export const waitingForField = waitingFor.nullable().meta({
  description: 'Why a waiting operation is not running yet. Null if nothing has failed, and once it runs or has ended.',
});

/** Fields of an operation log beyond those of CBR. */
const operationLogAddition = z.object({
  outcome: syncOutcome.nullable(),
  message: z.string().meta({ description: 'What happened, in one sentence.' }),
  level: verificationLevel.nullable().meta({ description: 'Level that was proved; null if none was.' }),
  reason: reason.nullable(),
  waiting_for: waitingForField,
  time_contradiction: z.string().nullable().meta({
    description: 'Which times of the backup contradict each other, and what to do; null if they agree.',
  }),
  requests: z
    .object({
      lists: integer.meta({ description: 'LIST requests (pages).' }),
      gets: integer,
      bytes_read: integer,
    })
    .nullable()
    .meta({
      description:
        'Requests made to storage for this operation. Requests that a chain shares count for its first operation. Null until the end.',
    }),
});

export const operationLog = z
  .object({
    id: madeId,
    checkpoint_id: z
      .string()
      .nullable()
      .meta({ description: 'The run of a source that this log shows, or that accepted this import.' }),
    created_at: wireTime,
    started_at: wireTime.nullable(),
    ended_at: wireTime.nullable(),
    updated_at: wireTime,
    error_info: z.object({ code: z.string(), message: z.string() }),
    extra_info: z.object({
      backup: z
        .object({ backup_id: opaqueId, backup_name: z.string(), incremental: z.boolean().nullable() })
        .optional(),
      common: z.object({ progress: integer.min(0).max(100), request_id: z.string(), task_id: z.string() }),
      delete: z.object({ backup_id: opaqueId, backup_name: z.string() }).optional(),
      resource: z.object({ id: opaqueId, name: z.string(), type: z.string() }),
      sync: z.object({ sync_backup_num: integer, delete_backup_num: integer, err_sync_backup_num: integer }).optional(),
    }),
    operation_type: z.enum(operationTypes),
    policy_id: z.string().nullable(),
    project_id: projectId,
    provider_id: z.string().nullable(),
    vault_id: z.string().nullable().meta({ description: 'The source of the run.' }),
    vault_name: z.string().nullable().meta({ description: 'Name of the source; null once it is removed.' }),
    status: operationStatus,
    backup_sync: operationLogAddition,
  })
  .meta({ id: 'OperationLog' });
export type OperationLog = z.infer<typeof operationLog>;

export const showOperationLogInput = z.object({ project_id: projectId, operation_log_id: madeId });
export const showOperationLogAnswer = z.object({ operation_log: operationLog }).meta({ id: 'ShowOperationLogAnswer' });

/**
 * Filters of the listing of operation logs, newest first. `start_time` and `end_time` bound when an operation was
 * accepted.
 *
 * | filter | here |
 * |---|---|
 * | `operation_type` | `sync` and `delete`; CBR's other types match nothing |
 * | `vault_id`, `vault_name` | a source: its runs, and the imports that they accepted or joined |
 * | `provider_id` | no operation has one: nothing matches |
 * | `enterprise_project_id` | `0` (the default one) and `all_granted_eps` match all, others nothing |
 *
 * Other parameters are ignored, as CBR does.
 */
export const listOperationLogsInput = z.object({
  project_id: projectId,
  start_time: queryTime.optional(),
  end_time: queryTime.optional(),
  enterprise_project_id: enterpriseProject.optional(),
  operation_type: queryEnum(operationTypes).optional(),
  provider_id: z.string().optional(),
  resource_id: z.string().optional(),
  resource_name: z.string().optional(),
  status: queryList(operationStatuses).optional(),
  vault_id: z.string().optional(),
  vault_name: z.string().optional(),
  ...paging,
});
export type OperationLogFilter = z.output<typeof listOperationLogsInput>;

export const listOperationLogsAnswer = z
  .object({ operation_logs: z.array(operationLog), count: integer, limit: integer, offset: integer })
  .meta({ id: 'ListOperationLogsAnswer' });
