import { operationLog, operationStatus } from '@backup-sync/contracts';
import { z } from 'zod';
import { cloudBoolean, cloudTime, orNull } from './fields.ts';

const text = orNull(z.string());
const number = orNull(z.number());

/** Schema of {@link CbrOperationLog}. */
export const cbrOperationLog = z.object({
  id: z.string(),
  checkpoint_id: text,
  created_at: cloudTime,
  started_at: orNull(cloudTime),
  ended_at: orNull(cloudTime),
  updated_at: orNull(cloudTime),
  error_info: orNull(z.object({ code: text, message: text })),
  extra_info: orNull(
    z.object({
      // A service returns only the parts that belong to the type of operation.
      backup: z.object({ backup_id: text, backup_name: text, incremental: orNull(cloudBoolean) }).nullish(),
      common: z.object({ progress: number, request_id: text, task_id: text }).nullish(),
      delete: z.object({ backup_id: text, backup_name: text }).nullish(),
      resource: z.object({ id: text, name: text, type: text }).nullish(),
      sync: z.object({ sync_backup_num: number, delete_backup_num: number, err_sync_backup_num: number }).nullish(),
    }),
  ),
  operation_type: z.string(),
  policy_id: text,
  project_id: text,
  provider_id: text,
  vault_id: text,
  vault_name: text,
  status: operationStatus,
  backup_sync: orNull(operationLog.shape.backup_sync),
});
/**
 * An operation log, as any CBR-compatible service returns it. A field that the service omits is null. Times are UTC, in
 * the form `2020-02-05T10:38:34.209782`. `backup_sync` is null if the service is not a backup-sync.
 */
export type CbrOperationLog = z.output<typeof cbrOperationLog>;

export const showCbrOperationLogAnswer = z.object({ operation_log: cbrOperationLog });
export const listCbrOperationLogsAnswer = z.object({
  operation_logs: z.array(cbrOperationLog),
  count: orNull(z.number()),
  limit: orNull(z.number()),
  offset: orNull(z.number()),
});
