import { describeReason, type Operation, toWireTime } from '@backup-sync/contracts';
import {
  hasItem,
  type ItemOperation,
  type Json,
  type OperationRecord,
  type SingleOperation,
  wireKind,
} from '../catalogue/operation-records.ts';
import { waitingForView } from '../operations/waiting-for.ts';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import type { Outages } from '../storage/outage.ts';

/** Converts an operation of any kind to its wire form. The command line prints the fields in this order. */
export function operationView(record: OperationRecord, outages: Outages): Operation {
  const { kind, phase, backup_name, source_id, progress, result } = hasItem(record) ? ofItem(record) : ofSingle(record);
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
    phase,
    kind,
    bucket_name: record.bucketName,
    backup_id: record.backupId,
    backup_name,
    source_id,
    cancel_requested: record.cancelRequestedAtMs !== null,
    waiting_for: waitingForView(record, outages),
    progress,
    result,
  };
}

type OfKind = Pick<Operation, 'kind' | 'phase' | 'backup_name' | 'source_id' | 'progress' | 'result'>;

function ofSingle(operation: SingleOperation): OfKind {
  return {
    kind: wireKind(operation),
    phase: phaseOf(operation),
    backup_name: null,
    source_id: operation.sourceId,
    progress: operation.progress,
    result: mutable(operation.result),
  };
}

function ofItem({ kind, item, endedAtMs, outcome, level, timeContradiction }: ItemOperation): OfKind {
  return {
    kind,
    phase: null,
    backup_name: item.backup_name,
    source_id: null,
    progress: {},
    result: endedAtMs === null ? null : { outcome, level, time_contradiction: timeContradiction },
  };
}

function phaseOf({ kind, status, listedAtMs }: SingleOperation): Operation['phase'] {
  if (kind !== 'scan' || status !== 'running') return null;
  return listedAtMs === null ? 'listing' : 'importing';
}

function requestsView({ lists, gets, bytesRead }: RequestCount) {
  return { lists, gets, bytes_read: bytesRead };
}

/** Drops `readonly`, which the wire's type does not have. The value is not changed. */
function mutable(json: Json): Operation['result'] {
  return json as Operation['result'];
}
