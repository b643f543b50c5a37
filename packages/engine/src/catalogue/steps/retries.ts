import type { Kysely } from 'kysely';
import type { DueChain, Retry } from '../records.ts';
import type { Schema } from '../schema.ts';
import type { DueTask, TaskProgress } from '../task-records.ts';
import { dueTaskColumns, rowToDueTask, taskKinds } from '../task-rows.ts';
import { dueChains } from './due-chains.ts';
import { cancelledFault, endUntried } from './end-import.ts';
import { makeWait } from './make-wait.ts';
import { cancelTask } from './tasks.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** Makes an import wait for another attempt. */
export async function retryImport(database: Kysely<Schema>, retry: Retry): Promise<readonly DueChain[] | null> {
  const operation = await unfinishedImports(database)
    .where('id', '=', retry.operationId)
    .where('status', '=', 'running')
    .where('epoch', '=', retry.epoch)
    .selectAll()
    .executeTakeFirst();
  if (operation === undefined) return null;
  if (operation.cancel_requested_at_ms !== null) {
    return await endUntried(database, operation, {
      fault: cancelledFault,
      endedAtMs: retry.failedAtMs,
      requests: retry.requests,
    });
  }
  await makeWait(database, operation.id, columnsOf(retry, operation), retry.requests, retry.failedAtMs);
  return await dueChains(database, [operation]);
}

/** Makes a task wait for another attempt. */
export async function retryTask(
  database: Kysely<Schema>,
  retry: Retry & { readonly progress: TaskProgress },
): Promise<DueTask | null> {
  const task = await database
    .selectFrom('operations')
    .where('id', '=', retry.operationId)
    .where('status', '=', 'running')
    .where('epoch', '=', retry.epoch)
    .selectAll()
    .executeTakeFirst();
  if (task === undefined) return null;
  const columns = { ...columnsOf(retry, task), progress: JSON.stringify(retry.progress) };
  await makeWait(database, task.id, columns, retry.requests, retry.failedAtMs);
  if (task.cancel_requested_at_ms !== null) {
    await cancelTask(database, task.project_id, task.id, retry.failedAtMs);
    return null;
  }
  return rowToDueTask({ ...task, not_before_ms: retry.notBeforeMs });
}

/** A task that waits for another attempt. */
export async function retryOfTask(database: Kysely<Schema>, id: string): Promise<DueTask | null> {
  const row = await database
    .selectFrom('operations')
    .where('id', '=', id)
    .where('kind', 'in', taskKinds)
    .where('status', '=', 'waiting')
    .where('not_before_ms', 'is not', null)
    .select(dueTaskColumns)
    .executeTakeFirst();
  return row === undefined ? null : rowToDueTask(row);
}

function columnsOf(
  { failedAtMs, notBeforeMs, fault }: Retry,
  before: { readonly attempts: number; readonly first_failure_at_ms: number | null },
) {
  return {
    attempts: before.attempts + 1,
    // The clock may have been set back since: the time for retries must not wait until it has caught up.
    first_failure_at_ms: Math.min(before.first_failure_at_ms ?? failedAtMs, failedAtMs),
    not_before_ms: notBeforeMs,
    waiting_reason: fault.code,
    waiting_detail: fault.detail,
  };
}
