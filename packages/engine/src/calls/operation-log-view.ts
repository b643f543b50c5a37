import { describeReason, hasEnded, type OperationLog, type OperationType, toWireTime } from '@backup-sync/contracts';
import type { ItemKind, ItemOperation, SingleOperation } from '../catalogue/operation-records.ts';
import type { SourceRunOf } from '../catalogue/source-records.ts';
import { waitingForView } from '../operations/waiting-for.ts';
import type { Outages } from '../storage/outage.ts';

/** CBR's names for our kinds of operation. */
const typeOfKind = { import: 'sync', delete: 'delete' } as const satisfies Record<ItemKind, OperationType>;

/** Converts the operation of one backup to CBR's operation log. `run` is the run of a source that accepted it. */
export function operationLogView(record: ItemOperation, run: SourceRunOf | undefined, outages: Outages): OperationLog {
  const { item } = record;
  const reason = record.fault === null ? null : describeReason(record.fault.code, record.fault.detail);
  const ended = hasEnded(record.status);
  const isImport = record.kind === 'import';
  return {
    id: record.id,
    checkpoint_id: run?.runId ?? null,
    created_at: toWireTime(record.createdAtMs),
    started_at: record.startedAtMs === null ? null : toWireTime(record.startedAtMs),
    ended_at: record.endedAtMs === null ? null : toWireTime(record.endedAtMs),
    updated_at: toWireTime(record.updatedAtMs),
    error_info:
      reason === null
        ? { code: '', message: '' }
        : { code: reason.number, message: `${reason.message}. ${reason.remedy}` },
    extra_info: {
      ...(isImport && {
        backup: { backup_id: item.backup_id, backup_name: item.backup_name, incremental: record.incremental },
        sync: {
          sync_backup_num: record.status === 'success' ? 1 : 0,
          delete_backup_num: 0,
          err_sync_backup_num: ended && record.status !== 'success' ? 1 : 0,
        },
      }),
      ...(!isImport && { delete: { backup_id: item.backup_id, backup_name: item.backup_name } }),
      common: { progress: ended ? 100 : 0, request_id: record.requestId, task_id: record.id },
      resource: { id: item.resource_id, name: item.resource_name, type: item.resource_type },
    },
    operation_type: typeOfKind[record.kind],
    policy_id: null,
    project_id: record.projectId,
    provider_id: null,
    vault_id: run?.sourceId ?? null,
    vault_name: run?.sourceName ?? null,
    status: record.status,
    backup_sync: {
      outcome: record.outcome,
      message: record.message,
      level: record.level,
      reason,
      waiting_for: waitingForView(record, outages),
      time_contradiction: record.timeContradiction,
      requests:
        record.requests === null
          ? null
          : {
              lists: record.requests.lists,
              gets: record.requests.gets,
              bytes_read: record.requests.bytesRead,
            },
    },
  };
}

/** The numbers of a run. Those of imports are zero until the imports have ended. See end-run.ts, which writes them. */
function numbersOf({ result, progress }: SingleOperation) {
  const numbers = result as { sync_backup_num?: number; err_sync_backup_num?: number } | null;
  return {
    sync_backup_num: numbers?.sync_backup_num ?? 0,
    delete_backup_num: progress.vanished ?? 0,
    err_sync_backup_num: numbers?.err_sync_backup_num ?? 0,
  };
}

/**
 * Converts the run of a source to CBR's operation log: CBR calls it the sync of a whole vault. The numbers count
 * backups that were imported or confirmed, were marked as vanished, or are in error. Each import has its own log.
 */
export function sourceRunLogView(
  operation: SingleOperation,
  run: SourceRunOf | undefined,
  outages: Outages,
): OperationLog {
  const reason = operation.fault === null ? null : describeReason(operation.fault.code, operation.fault.detail);
  const time = (timeMs: number | null) => (timeMs === null ? null : toWireTime(timeMs));
  const { requests } = operation;
  return {
    id: operation.id,
    checkpoint_id: operation.id,
    created_at: toWireTime(operation.createdAtMs),
    started_at: time(operation.startedAtMs),
    ended_at: time(operation.endedAtMs),
    updated_at: toWireTime(operation.updatedAtMs),
    error_info:
      reason === null
        ? { code: '', message: '' }
        : { code: reason.number, message: `${reason.message}. ${reason.remedy}` },
    extra_info: {
      common: {
        progress: hasEnded(operation.status) ? 100 : 0,
        request_id: operation.requestId,
        task_id: operation.id,
      },
      resource: { id: operation.sourceId ?? '', name: operation.bucketName, type: 'vault' },
      sync: numbersOf(operation),
    },
    operation_type: 'sync',
    policy_id: null,
    project_id: operation.projectId,
    provider_id: null,
    vault_id: operation.sourceId,
    vault_name: run?.sourceName ?? null,
    status: operation.status,
    backup_sync: {
      outcome: null,
      message: operation.message,
      level: null,
      reason,
      waiting_for: waitingForView(operation, outages),
      time_contradiction: null,
      requests:
        requests === null ? null : { lists: requests.lists, gets: requests.gets, bytes_read: requests.bytesRead },
    },
  };
}
