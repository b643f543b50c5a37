import { describeReason, hasEnded, type OperationLog, type OperationType, toWireTime } from '@backup-sync/contracts';
import type { OperationKind, OperationRecord } from '../../catalogue/port.ts';
import type { SourceRunOf } from '../../catalogue/source-port.ts';
import type { Outages } from '../../storage/outage.ts';
import { waitingForView } from '../waiting-for.ts';

/** What CBR calls our kinds of operation. */
const typeOfKind = { import: 'sync', delete: 'delete' } as const satisfies Record<OperationKind, OperationType>;

/** An operation in the form of the wire. `run` is the run of a source that accepted it. */
export function operationLogView(
  record: OperationRecord,
  run: SourceRunOf | undefined,
  outages: Outages,
): OperationLog {
  const { item } = record;
  const reason = record.reasonCode === null ? null : describeReason(record.reasonCode, record.reasonDetail);
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
      waiting_for: waitingForView({ ...record, bucketName: item.bucket_name }, outages),
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
