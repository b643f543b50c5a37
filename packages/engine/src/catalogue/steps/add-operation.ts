import type { Kysely } from 'kysely';
import { operationLivesMs } from '../../deadline.ts';
import { lockParts } from '../locks.ts';
import type { DueOperation, JoinedRequest, Json, Lane, NewOperation, OperationJoined } from '../operation-records.ts';
import { laneOf, parse } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { noteTransitions } from './events.ts';
import { LaneChoice } from './lanes.ts';

/** Adds a single operation. */
export async function addOperation(database: Kysely<Schema>, operation: NewOperation): Promise<Lane> {
  const interactiveFor = (await LaneChoice.open(database, operation.actor, operation.lane)).takeColumn();
  const resource =
    operation.backupId === null
      ? undefined
      : await database
          .selectFrom('backups')
          .where('project_id', '=', operation.projectId)
          .where('backup_id', '=', operation.backupId)
          .select(['resource_id', 'resource_name'])
          .executeTakeFirst();
  await database
    .insertInto('operations')
    .values({
      id: operation.id,
      project_id: operation.projectId,
      kind: operation.kind,
      parent_operation_id: operation.parentOperationId,
      source_id: operation.sourceId,
      storage_unit_id: operation.storageUnitId,
      bucket_name: operation.bucketName,
      backup_id: operation.backupId,
      resource_id: resource?.resource_id ?? null,
      resource_name: resource?.resource_name ?? null,
      task: JSON.stringify(operation.request),
      actor_kind: operation.actor.kind,
      actor_name: operation.actor.name,
      request_id: operation.requestId,
      status: 'waiting',
      message: '',
      reason_detail: '',
      created_at_ms: operation.createdAtMs,
      updated_at_ms: operation.createdAtMs,
      deadline_at_ms: operation.createdAtMs + operationLivesMs,
      epoch: 0,
      interactive_for: interactiveFor,
    })
    .execute();
  await noteTransitions(database, [operation.id]);
  return laneOf({ interactive_for: interactiveFor });
}

/** The work on a single operation that was just added. */
export function dueOperation(operation: NewOperation, lane: Lane): DueOperation {
  const { id, kind, projectId, storageUnitId, bucketName } = operation;
  return { kind: 'operation', operation: { id, kind, projectId, storageUnitId, bucketName }, lane, notBeforeMs: null };
}

/** Adds a single operation, or joins one that waits or runs and does the same. */
export async function joinOperation(
  database: Kysely<Schema>,
  operation: NewOperation,
  sameRequest: JoinedRequest,
): Promise<OperationJoined> {
  const { projectId, kind, bucketName, backupId } = operation;
  await lockParts(database, projectId, () => [['request', JSON.stringify([kind, bucketName, backupId])]]);
  const unfinished = await database
    .selectFrom('operations')
    .where('project_id', '=', operation.projectId)
    .where('storage_unit_id', '=', operation.storageUnitId)
    .where('bucket_name', '=', operation.bucketName)
    // Imports have one. Without this condition, all that wait for the bucket would be read.
    .where('chain_root', 'is', null)
    .where('ended_at_ms', 'is', null)
    .where('kind', '=', operation.kind)
    .where('backup_id', operation.backupId === null ? 'is' : '=', operation.backupId)
    .where('source_id', 'is', null)
    .where('parent_operation_id', 'is', null)
    .where('listed_at_ms', 'is', null)
    .where('cancel_requested_at_ms', 'is', null)
    .select(['id', 'task'])
    .orderBy('sequence')
    .execute();
  const same = unfinished.find((row) => agrees(parse(row.task), sameRequest));
  if (same !== undefined) return { result: 'joined', operationId: same.id };
  return { result: 'added', operationId: operation.id, lane: await addOperation(database, operation) };
}

function agrees(request: Json, sameRequest: JoinedRequest): boolean {
  // Only the calls write requests: objects whose values have their keys in one fixed order.
  const asked = request as JoinedRequest;
  return Object.entries(sameRequest).every(([key, value]) => JSON.stringify(asked[key]) === JSON.stringify(value));
}
