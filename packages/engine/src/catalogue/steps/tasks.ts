import { hasEnded } from '@backup-sync/contracts';
import type { Kysely } from 'kysely';
import { operationLivesMs } from '../../deadline.ts';
import type { Lane } from '../records.ts';
import { faultToColumns, laneOf } from '../rows.ts';
import type { Schema } from '../schema.ts';
import type {
  DueTask,
  JoinedRequest,
  Json,
  ListingFinish,
  NewTask,
  TaskFinish,
  TaskJoined,
  TaskProgress,
  TaskRecord,
} from '../task-records.ts';
import { dueTaskColumns, parse, rowToDueTask, rowToTask, taskKinds } from '../task-rows.ts';
import { endRunIfDone } from './end-run.ts';
import { noteTransitions } from './events.ts';
import { LaneChoice } from './lanes.ts';
import { addedTo } from './make-wait.ts';
import { isDue } from './start-chain.ts';

/** Adds a task. */
export async function addTask(database: Kysely<Schema>, task: NewTask): Promise<Lane> {
  const interactiveFor = (await LaneChoice.open(database, task.actor, task.lane)).takeColumn();
  const resource =
    task.backupId === null
      ? undefined
      : await database
          .selectFrom('backups')
          .where('project_id', '=', task.projectId)
          .where('backup_id', '=', task.backupId)
          .select(['resource_id', 'resource_name'])
          .executeTakeFirst();
  await database
    .insertInto('operations')
    .values({
      id: task.id,
      project_id: task.projectId,
      kind: task.kind,
      parent_operation_id: task.parentOperationId,
      source_id: task.sourceId,
      storage_unit_id: task.storageUnitId,
      bucket_name: task.bucketName,
      backup_id: task.backupId,
      resource_id: resource?.resource_id ?? null,
      resource_name: resource?.resource_name ?? null,
      task: JSON.stringify(task.request),
      actor_kind: task.actor.kind,
      actor_name: task.actor.name,
      request_id: task.requestId,
      status: 'waiting',
      message: '',
      reason_detail: '',
      created_at_ms: task.createdAtMs,
      updated_at_ms: task.createdAtMs,
      deadline_at_ms: task.createdAtMs + operationLivesMs,
      epoch: 0,
      interactive_for: interactiveFor,
    })
    .execute();
  await noteTransitions(database, [task.id]);
  return laneOf({ interactive_for: interactiveFor });
}

/** Adds a task, unless the same waits or runs. */
export async function joinTask(
  database: Kysely<Schema>,
  task: NewTask,
  sameRequest: JoinedRequest,
): Promise<TaskJoined> {
  const unfinished = await database
    .selectFrom('operations')
    .where('project_id', '=', task.projectId)
    .where('storage_unit_id', '=', task.storageUnitId)
    .where('bucket_name', '=', task.bucketName)
    // Imports have one: without this, all that wait for the bucket would be read.
    .where('chain_root', 'is', null)
    .where('ended_at_ms', 'is', null)
    .where('kind', '=', task.kind)
    .where('backup_id', task.backupId === null ? 'is' : '=', task.backupId)
    .where('source_id', 'is', null)
    .where('parent_operation_id', 'is', null)
    .where('listed_at_ms', 'is', null)
    .where('cancel_requested_at_ms', 'is', null)
    .select(['id', 'task'])
    .orderBy('sequence')
    .execute();
  const same = unfinished.find((row) => agrees(parse(row.task), sameRequest));
  if (same !== undefined) return { result: 'joined', operationId: same.id };
  return { result: 'added', operationId: task.id, lane: await addTask(database, task) };
}

function agrees(request: Json, sameRequest: JoinedRequest): boolean {
  // Requests are written by the verbs alone: objects, whose values come in one order of keys.
  const asked = request as JoinedRequest;
  return Object.entries(sameRequest).every(([key, value]) => JSON.stringify(asked[key]) === JSON.stringify(value));
}

/** Takes a task up. */
export async function startTask(
  database: Kysely<Schema>,
  id: string,
  leaseOwner: string,
  startedAtMs: number,
): Promise<TaskRecord | null> {
  const row = await database
    .updateTable('operations')
    .set((eb) => ({
      status: 'running',
      lease_owner: leaseOwner,
      epoch: eb('epoch', '+', 1),
      not_before_ms: null,
      waiting_reason: null,
      waiting_detail: '',
      started_at_ms: startedAtMs,
      updated_at_ms: startedAtMs,
    }))
    .where('id', '=', id)
    .where('kind', 'in', taskKinds)
    .where('ended_at_ms', 'is', null)
    .where(({ eb, or }) => or([eb('status', '=', 'waiting'), eb('lease_owner', '=', leaseOwner)]))
    .where(isDue(startedAtMs))
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  await database.deleteFrom('scan_findings').where('operation_id', '=', id).execute();
  await noteTransitions(database, [id]);
  return rowToTask(row);
}

export async function saveTaskProgress(
  database: Kysely<Schema>,
  id: string,
  epoch: number,
  progress: TaskProgress,
  savedAtMs: number,
): Promise<{ readonly running: boolean; readonly cancelRequested: boolean }> {
  const row = await database
    .updateTable('operations')
    .set({ progress: JSON.stringify(progress), updated_at_ms: savedAtMs })
    .where('id', '=', id)
    .where('status', '=', 'running')
    .where('epoch', '=', epoch)
    .returning('cancel_requested_at_ms')
    .executeTakeFirst();
  return { running: row !== undefined, cancelRequested: row !== undefined && row.cancel_requested_at_ms !== null };
}

/** Ends a task. */
export async function finishTask(database: Kysely<Schema>, finish: TaskFinish): Promise<boolean> {
  const { numUpdatedRows } = await database
    .updateTable('operations')
    .set((eb) => ({
      status: finish.status,
      message: finish.message,
      ...faultToColumns(finish.fault),
      progress: JSON.stringify(finish.progress),
      result: JSON.stringify(finish.result),
      ...addedTo(eb, finish.requests),
      ended_at_ms: finish.endedAtMs,
      updated_at_ms: finish.endedAtMs,
      lease_owner: null,
    }))
    .where('id', '=', finish.id)
    .where('status', '=', 'running')
    .where('epoch', '=', finish.epoch)
    .executeTakeFirstOrThrow();
  const isFinished = numUpdatedRows > 0n;
  if (isFinished) await noteTransitions(database, [finish.id]);
  return isFinished;
}

/** Lets a scan wait for its imports. */
export async function finishListing(database: Kysely<Schema>, listing: ListingFinish): Promise<boolean> {
  const row = await database
    .updateTable('operations')
    .set((eb) => ({
      message: listing.message,
      progress: JSON.stringify(listing.progress),
      result: JSON.stringify(listing.result),
      ...addedTo(eb, listing.requests),
      listed_at_ms: listing.listedAtMs,
      updated_at_ms: listing.listedAtMs,
      lease_owner: null,
    }))
    .where('id', '=', listing.id)
    .where('status', '=', 'running')
    .where('epoch', '=', listing.epoch)
    .where('listed_at_ms', 'is', null)
    .returning(['project_id', 'cancel_requested_at_ms'])
    .executeTakeFirst();
  if (row === undefined) return false;
  if (row.cancel_requested_at_ms !== null) await cancelTask(database, row.project_id, listing.id, listing.listedAtMs);
  else await endRunIfDone(database, listing.id, listing.listedAtMs);
  return true;
}

/** Notes the wish to cancel. */
export async function cancelTask(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  cancelledAtMs: number,
): Promise<TaskRecord | null> {
  const task = await showTask(database, projectId, id);
  if (task === null || hasEnded(task.status)) return task;
  const noted = { cancel_requested_at_ms: cancelledAtMs, updated_at_ms: cancelledAtMs };
  const ended = {
    status: 'failed' as const,
    message: messageOfCancelled(task),
    reason_code: 'cancelled' as const,
    not_before_ms: null,
    waiting_reason: null,
    waiting_detail: '',
    ended_at_ms: cancelledAtMs,
  };
  const row = await database
    .updateTable('operations')
    .set(task.status === 'waiting' || task.listedAtMs !== null ? { ...noted, ...ended } : noted)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await noteTransitions(database, [id]);
  return rowToTask(row);
}

function messageOfCancelled({ status, message, retries }: TaskRecord): string {
  if (status !== 'waiting') return `${message}; its imports go on`;
  return retries.attempts === 0 ? 'cancelled before it began' : 'cancelled while it waited for another attempt';
}

export async function showTask(database: Kysely<Schema>, projectId: string, id: string): Promise<TaskRecord | null> {
  const row = await database
    .selectFrom('operations')
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .where('kind', 'in', taskKinds)
    .selectAll()
    .executeTakeFirst();
  return row === undefined ? null : rowToTask(row);
}

/** Makes running tasks wait again. */
export async function releaseTasks(
  database: Kysely<Schema>,
  leaseOwner: string | null,
  releasedAtMs: number,
): Promise<readonly DueTask[]> {
  const release = database
    .updateTable('operations')
    .set({ status: 'waiting', lease_owner: null, started_at_ms: null, updated_at_ms: releasedAtMs })
    .where('kind', 'in', taskKinds)
    .where('ended_at_ms', 'is', null)
    // What waits for its imports is nobody's work: the last of these ends it.
    .where('listed_at_ms', 'is', null)
    .where('status', '=', 'running');
  const held = leaseOwner === null ? release : release.where('lease_owner', '=', leaseOwner);
  const released = await held.returning('id').execute();
  await noteTransitions(
    database,
    released.map(({ id }) => id),
  );
  const waiting = await database
    .selectFrom('operations')
    .where('kind', 'in', taskKinds)
    .where('ended_at_ms', 'is', null)
    .where('status', '=', 'waiting')
    .select(dueTaskColumns)
    .orderBy('sequence')
    .execute();
  return waiting.map(rowToDueTask);
}
