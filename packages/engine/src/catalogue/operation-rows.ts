import type { BackupSync } from '@backup-sync/contracts';
import type { Selectable } from 'kysely';
import type { RequestCount } from '../storage/counted-storage-unit.ts';
import { columnsToFault, fromStoredBoolean } from './backup-rows.ts';
import type {
  ChainKey,
  DueOperation,
  ItemKind,
  ItemOperation,
  Json,
  Lane,
  OperationProgress,
  OperationRecord,
  Retries,
  SingleKind,
  SingleOperation,
} from './operation-records.ts';
import type { OperationRow, Schema } from './schema.ts';

export const itemKinds = ['import', 'delete'] as const satisfies readonly ItemKind[];

export const singleKinds = ['scan', 'verify', 'plan'] as const satisfies readonly SingleKind[];

function isItemKind(kind: OperationRow['kind']): kind is ItemKind {
  return itemKinds.some((each) => each === kind);
}

export function isSingleKind(kind: OperationRow['kind']): kind is SingleKind {
  return !isItemKind(kind);
}

/** The item as JSON with its keys in a fixed order. Two items are equal if, and only if, their JSON is. */
export function itemToJson(item: BackupSync): string {
  const { backup_id, backup_name, bucket_name, image_path, resource_id, resource_name, resource_type, created_at } =
    item;
  return JSON.stringify({
    backup_id,
    backup_name,
    bucket_name,
    image_path,
    resource_id,
    resource_name,
    resource_type,
    created_at,
  });
}

/** The value of the column `task` for an import whose missing ancestors are wanted. */
const ancestorsWanted = JSON.stringify({ with_ancestors: true });

/** The value of the column `task` for an import; empty if only the backup itself is wanted. */
export function importRequest(withAncestors: boolean): string {
  return withAncestors ? ancestorsWanted : '';
}

/** Parses the item of an import or delete. Throws `TypeError` for a row of another kind. */
export function itemOf(row: Pick<Selectable<OperationRow>, 'id' | 'item'>): BackupSync {
  if (row.item === null)
    throw new TypeError(`operation ${row.id} is neither an import nor a delete, so it has no item`);
  // Only itemToJson writes this column, so the text has this shape.
  return JSON.parse(row.item) as BackupSync;
}

/** Converts a row of any kind. */
export function rowToOperation(row: Selectable<OperationRow>): OperationRecord {
  return isItemKind(row.kind) ? rowToItemOperation(row) : rowToSingle(row);
}

/** Converts a row of an import or delete. */
export function rowToItemOperation(row: Selectable<OperationRow>): ItemOperation {
  const item = itemOf(row);
  return {
    ...commonOf(row),
    // itemOf has refused the other kinds.
    kind: row.kind as ItemKind,
    backupId: item.backup_id,
    item,
    withAncestors: row.task === ancestorsWanted,
    proofsNotBeforeMs: row.proofs_not_before_ms,
    outcome: row.outcome,
    timeContradiction: row.time_contradiction,
    level: row.level,
    incremental: fromStoredBoolean(row.incremental),
  };
}

/** Converts a row of a scan, plan or verification. */
export function rowToSingle(row: Selectable<OperationRow>): SingleOperation {
  return {
    ...commonOf(row),
    // Callers have selected these kinds.
    kind: row.kind as SingleKind,
    sourceId: row.source_id,
    request: parse(row.task),
    progress: parseProgress(row.progress),
    result: parse(row.result),
    listedAtMs: row.listed_at_ms,
    findingsRemovedAtMs: row.findings_removed_at_ms,
  };
}

function commonOf(row: Selectable<OperationRow>) {
  return {
    id: row.id,
    projectId: row.project_id,
    parentOperationId: row.parent_operation_id,
    storageUnitId: row.storage_unit_id,
    bucketName: row.bucket_name,
    backupId: row.backup_id,
    actor: { kind: row.actor_kind, name: row.actor_name },
    requestId: row.request_id,
    status: row.status,
    message: row.message,
    fault: columnsToFault(row),
    requests: requestsOf(row),
    createdAtMs: row.created_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    updatedAtMs: row.updated_at_ms,
    deadlineAtMs: row.deadline_at_ms,
    leaseOwner: row.lease_owner,
    epoch: row.epoch,
    lane: laneOf(row),
    retries: retriesOf(row),
    cancelRequestedAtMs: row.cancel_requested_at_ms,
  };
}

function requestsOf(row: Selectable<OperationRow>): RequestCount | null {
  const { list_requests: lists, get_requests: gets, bytes_read: bytesRead } = row;
  return lists === null || gets === null || bytesRead === null ? null : { lists, gets, bytesRead };
}

export function laneOf({ interactive_for }: Pick<Selectable<OperationRow>, 'interactive_for'>): Lane {
  return interactive_for === null ? 'mass' : 'interactive';
}

function retriesOf(row: Selectable<OperationRow>): Retries {
  return {
    attempts: row.attempts,
    firstFailureAtMs: row.first_failure_at_ms,
    notBeforeMs: row.not_before_ms,
    fault: row.waiting_reason === null ? null : { code: row.waiting_reason, detail: row.waiting_detail },
  };
}

/** The columns of {@link ChainKey}. Rows of no chain have no `chain_root`. */
export const chainColumns = [
  'project_id',
  'storage_unit_id',
  'bucket_name',
  'chain_root',
] as const satisfies readonly (keyof Schema['operations'])[];

export type ChainColumns = Pick<Selectable<OperationRow>, (typeof chainColumns)[number]>;

/** Converts the columns of a chain; null if the row belongs to none. */
export function chainOfRow({
  project_id: projectId,
  storage_unit_id: storageUnitId,
  bucket_name: bucketName,
  chain_root: chainRoot,
}: ChainColumns): ChainKey | null {
  return chainRoot === null ? null : { projectId, storageUnitId, bucketName, chainRoot };
}

/** The columns of {@link DueOperation}. */
export const dueColumns = [
  'id',
  'kind',
  'project_id',
  'storage_unit_id',
  'bucket_name',
  'interactive_for',
  'not_before_ms',
] as const satisfies readonly (keyof OperationRow)[];

/** Converts a row of a scan, plan or verification to due work. */
export function rowToDue(row: Pick<Selectable<OperationRow>, (typeof dueColumns)[number]>): DueOperation {
  return {
    kind: 'operation',
    operation: {
      id: row.id,
      // Callers have selected these kinds.
      kind: row.kind as SingleKind,
      projectId: row.project_id,
      storageUnitId: row.storage_unit_id,
      bucketName: row.bucket_name,
    },
    lane: laneOf(row),
    notBeforeMs: row.not_before_ms,
  };
}

/** Parses a progress. Only the steps write it, so the text has this shape. */
export function parseProgress(text: string | null): OperationProgress {
  return (parse(text) ?? {}) as OperationProgress;
}

export function parse(text: string | null): Json {
  return text === null ? null : JSON.parse(text);
}
