import { describeReason, type Operation, toWireTime } from '@backup-sync/contracts';
import { isTask, type LoggedOperation, type OperationRecord, type RequestCount } from '../catalogue/records.ts';
import type { Json, TaskRecord } from '../catalogue/task-records.ts';
import { waitingForView } from '../operations/waiting-for.ts';
import type { Outages } from '../storage/outage.ts';

/** An operation of any kind in the form of the wire. */
export function loggedOperationView(record: LoggedOperation, outages: Outages): Operation {
  return isTask(record) ? taskView(record, outages) : operationView(record, outages);
}

/** A task in the form of the wire. The scan that a source runs is a kind of its own there. */
export function taskView(task: TaskRecord, outages: Outages): Operation {
  return {
    ...commonView(task),
    phase: phaseOf(task),
    kind: task.kind === 'scan' && task.sourceId !== null ? 'source_run' : task.kind,
    bucket_name: task.bucketName,
    backup_id: task.backupId,
    backup_name: null,
    source_id: task.sourceId,
    cancel_requested: task.cancelRequestedAtMs !== null,
    waiting_for: waitingForView(task, outages),
    progress: task.progress,
    result: mutable(task.result),
  };
}

function phaseOf({ kind, status, listedAtMs }: TaskRecord): Operation['phase'] {
  if (kind !== 'scan' || status !== 'running') return null;
  return listedAtMs === null ? 'listing' : 'importing';
}

/** An import or deletion in the same form. */
function operationView(record: OperationRecord, outages: Outages): Operation {
  return {
    ...commonView(record),
    phase: null,
    kind: record.kind,
    bucket_name: record.item.bucket_name,
    backup_id: record.item.backup_id,
    backup_name: record.item.backup_name,
    source_id: null,
    cancel_requested: record.cancelRequestedAtMs !== null,
    waiting_for: waitingForView({ ...record, bucketName: record.item.bucket_name }, outages),
    progress: {},
    result:
      record.endedAtMs === null
        ? null
        : { outcome: record.outcome, level: record.level, time_contradiction: record.timeContradiction },
  };
}

function commonView(record: TaskRecord | OperationRecord) {
  return {
    id: record.id,
    project_id: record.projectId,
    parent_operation_id: record.parentOperationId,
    status: record.status,
    created_at: toWireTime(record.createdAtMs),
    started_at: record.startedAtMs === null ? null : toWireTime(record.startedAtMs),
    ended_at: record.endedAtMs === null ? null : toWireTime(record.endedAtMs),
    updated_at: toWireTime(record.updatedAtMs),
    message: record.message,
    reason: record.fault === null ? null : describeReason(record.fault.code, record.fault.detail),
    requests: record.requests === null ? null : requestsView(record.requests),
  };
}

function requestsView({ lists, gets, bytesRead }: RequestCount) {
  return { lists, gets, bytes_read: bytesRead };
}

/** The wire's type has no readonly; the value is not changed. */
function mutable(json: Json): Operation['result'] {
  return json as Operation['result'];
}
