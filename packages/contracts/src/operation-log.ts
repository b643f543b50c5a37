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
 * States of an operation. `waiting` and `running` go on; the others are for good.
 * `skipped` exists in CBR and is never sent: official clients wait for ever on it.
 */
export const operationStatuses = ['success', 'skipped', 'failed', 'running', 'timeout', 'waiting'] as const;
export const operationStatus = z.enum(operationStatuses).meta({ id: 'OperationStatus' });
export type OperationStatus = z.infer<typeof operationStatus>;

/** Whether an operation in this state has reached its end. */
export function hasEnded(status: OperationStatus): boolean {
  return status !== 'waiting' && status !== 'running';
}

/** The kinds of operation that CBR knows; this system makes `sync` and `delete`. */
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
 * - `created`: a record was made;
 * - `unchanged`: the record stands as it was, nothing was read again but the listing;
 * - `verified`: the record stands, and was proved again since the evidence or the check had changed;
 * - `updated`: names or, at `presence`, content changed, and the record follows;
 * - `moved`: the same backup lies at another place now, and the record follows;
 * - `superseded`: another backup took the place of one that was broken or incomplete;
 * - `marked`: the record is kept, or made, as broken or incomplete, with the reason;
 * - `none`: the catalogue was left as it is.
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

/** Why an operation waits to be tried again by the server. */
export const waitingFor = z
  .object({
    reason: reason.meta({ description: 'What failed. It names the bucket.' }),
    since: wireTime.meta({ description: 'When it failed for the first time, or when its bucket stopped answering.' }),
    attempts: integer.min(0).meta({
      description: 'Failed attempts so far: of the operation itself, or to reach the bucket that it waits for.',
    }),
    next_attempt_at: wireTime.nullable().meta({ description: 'Earliest time of the next attempt. Null: at once.' }),
  })
  .meta({ id: 'WaitingFor' });
export type WaitingFor = z.infer<typeof waitingFor>;

/** The field of an operation that shows it. */
export const waitingForField = waitingFor.nullable().meta({
  description:
    'Why a waiting operation is not worked on yet. Null if nothing has failed, and once it runs or has ended.',
});

/** What this system says of an operation beyond CBR's fields. */
const operationLogAddition = z.object({
  outcome: syncOutcome.nullable(),
  message: z.string().meta({ description: 'What happened, one sentence.' }),
  level: verificationLevel.nullable().meta({ description: 'Level reached; null where nothing could be proved.' }),
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
        'Requests made to storage for this operation; what a chain shares counts for its first. Null until it ends.',
    }),
});

export const operationLog = z
  .object({
    id: madeId,
    checkpoint_id: z
      .string()
      .nullable()
      .meta({ description: 'The run of a source: of this log itself, or of the import that it accepted.' }),
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
    vault_id: z.string().nullable().meta({ description: 'The source of that run.' }),
    vault_name: z.string().nullable().meta({ description: 'The name of that source; null once it is removed.' }),
    status: operationStatus,
    backup_sync: operationLogAddition,
  })
  .meta({ id: 'OperationLog' });
export type OperationLog = z.infer<typeof operationLog>;

export const showOperationLogInput = z.object({ project_id: projectId, operation_log_id: madeId });
export const showOperationLogAnswer = z.object({ operation_log: operationLog }).meta({ id: 'ShowOperationLogAnswer' });

/**
 * Filters of the listing. Newest first. `start_time` and `end_time` bound when the operation was accepted.
 *
 * | filter | here |
 * |---|---|
 * | `operation_type` | `sync` and `delete`; CBR's other types match nothing |
 * | `vault_id`, `vault_name` | the source whose runs are asked for, with the imports that they wait for: a source is what a vault is there |
 * | `provider_id` | no operation has one: nothing matches |
 * | `enterprise_project_id` | `0`, the default one, and `all_granted_eps` match all, any other nothing |
 *
 * Other parameters are ignored, as the cloud does.
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
