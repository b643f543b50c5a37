import type { Selectable } from 'kysely';
import type { LoggedOperation } from './records.ts';
import { columnsToFault, isItemKind, laneOf, requestsOf, retriesOf, rowToOperation } from './rows.ts';
import type { OperationRow } from './schema.ts';
import type { DueTask, Json, TaskKind, TaskProgress, TaskRecord } from './task-records.ts';

export const taskKinds = ['scan', 'verify', 'plan'] as const satisfies readonly TaskKind[];

/** A row of any kind. */
export function rowToLogged(row: Selectable<OperationRow>): LoggedOperation {
  return isItemKind(row.kind) ? rowToOperation(row) : rowToTask(row);
}

export function rowToTask(row: Selectable<OperationRow>): TaskRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    // Read through tasksIn alone, which selects these kinds.
    kind: row.kind as TaskKind,
    parentOperationId: row.parent_operation_id,
    sourceId: row.source_id,
    storageUnitId: row.storage_unit_id,
    bucketName: row.bucket_name,
    backupId: row.backup_id,
    request: parse(row.task),
    actor: { kind: row.actor_kind, name: row.actor_name },
    requestId: row.request_id,
    status: row.status,
    message: row.message,
    fault: columnsToFault(row),
    progress: parseProgress(row.progress),
    result: parse(row.result),
    requests: requestsOf(row),
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    listedAtMs: row.listed_at_ms,
    endedAtMs: row.ended_at_ms,
    updatedAtMs: row.updated_at_ms,
    deadlineAtMs: row.deadline_at_ms,
    cancelRequestedAtMs: row.cancel_requested_at_ms,
    epoch: row.epoch,
    lane: laneOf(row),
    retries: retriesOf(row),
  };
}

/** The columns of {@link DueTask}. */
export const dueTaskColumns = [
  'id',
  'kind',
  'project_id',
  'storage_unit_id',
  'bucket_name',
  'interactive_for',
  'not_before_ms',
] as const satisfies readonly (keyof OperationRow)[];

export function rowToDueTask(row: Pick<Selectable<OperationRow>, (typeof dueTaskColumns)[number]>): DueTask {
  return {
    task: {
      id: row.id,
      // Selected by these kinds alone.
      kind: row.kind as TaskKind,
      projectId: row.project_id,
      storageUnitId: row.storage_unit_id,
      bucketName: row.bucket_name,
    },
    lane: laneOf(row),
    notBeforeMs: row.not_before_ms,
  };
}

/** Written by the steps alone, so the text has this shape. */
export function parseProgress(text: string | null): TaskProgress {
  return (parse(text) ?? {}) as TaskProgress;
}

export function parse(text: string | null): Json {
  return text === null ? null : JSON.parse(text);
}
