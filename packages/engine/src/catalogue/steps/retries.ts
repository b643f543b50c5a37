import type { Kysely, Selectable } from 'kysely';
import { differencesOf } from '../differences.ts';
import type { DueOperation, Ends, Requeuing, Retry } from '../operation-records.ts';
import { dueColumns, rowToDue, singleKinds } from '../operation-rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { cancelSingle } from './cancel-operation.ts';
import { dueChains } from './due-chains.ts';
import { cancelledFault, endUntried } from './end-import.ts';
import { lockImport } from './lock-import.ts';
import { makeWait } from './make-wait.ts';

/** Makes an operation wait for another attempt. */
export async function retryOperation(database: Kysely<Schema>, retry: Retry): Promise<Ends | null> {
  await lockImport(database, retry.operationId);
  const row = await differencesOf(database)
    .keepRows(
      database
        .selectFrom('operations')
        .where('id', '=', retry.operationId)
        .where('status', '=', 'running')
        .where('epoch', '=', retry.epoch)
        .selectAll(),
    )
    .executeTakeFirst();
  if (row === undefined) return null;
  return row.kind === 'import' ? await retryImport(database, row, retry) : await retrySingle(database, row, retry);
}

async function retryImport(database: Kysely<Schema>, row: Selectable<OperationRow>, retry: Retry): Promise<Ends> {
  const { failedAtMs, requests } = retry;
  if (row.cancel_requested_at_ms !== null) {
    return await endUntried(database, row, { fault: cancelledFault, endedAtMs: failedAtMs, requests });
  }
  await makeWait(database, row.id, columnsOf(retry, row), requests, failedAtMs);
  return { ended: [], due: await dueChains(database, [row]) };
}

async function retrySingle(database: Kysely<Schema>, row: Selectable<OperationRow>, retry: Retry): Promise<Ends> {
  const columns = { ...columnsOf(retry, row), progress: JSON.stringify(retry.progress ?? {}) };
  await makeWait(database, row.id, columns, retry.requests, retry.failedAtMs);
  const waiting = { ...row, ...columns, status: 'waiting' as const };
  if (row.cancel_requested_at_ms === null) return { ended: [], due: [rowToDue(waiting)] };
  return { ended: await cancelSingle(database, waiting, retry.failedAtMs), due: [] };
}

/** Makes a single operation wait, because it continues in another job. */
export async function requeueOperation(database: Kysely<Schema>, requeuing: Requeuing): Promise<Ends | null> {
  const { operationId, epoch, requeuedAtMs, progress, requests } = requeuing;
  const row = await differencesOf(database)
    .keepRows(
      database
        .selectFrom('operations')
        .where('id', '=', operationId)
        .where('kind', 'in', singleKinds)
        .where('status', '=', 'running')
        .where('epoch', '=', epoch)
        .selectAll(),
    )
    .executeTakeFirst();
  if (row === undefined) return null;
  // Storage has answered for the whole job, so earlier failures say nothing about the next one.
  const columns = { attempts: 0, first_failure_at_ms: null, progress: JSON.stringify(progress) };
  await makeWait(database, operationId, columns, requests, requeuedAtMs);
  const waiting = { ...row, ...columns, status: 'waiting' as const };
  if (row.cancel_requested_at_ms === null) return { ended: [], due: [rowToDue(waiting)] };
  return { ended: await cancelSingle(database, waiting, requeuedAtMs), due: [] };
}

/** Returns a single operation that waits for another attempt; null if it does not. */
export async function retryOfOperation(database: Kysely<Schema>, id: string): Promise<DueOperation | null> {
  const row = await database
    .selectFrom('operations')
    .where('id', '=', id)
    .where('kind', 'in', singleKinds)
    .where('status', '=', 'waiting')
    .where('not_before_ms', 'is not', null)
    .select(dueColumns)
    .executeTakeFirst();
  return row === undefined ? null : rowToDue(row);
}

function columnsOf(
  { failedAtMs, notBeforeMs, fault }: Retry,
  before: { readonly attempts: number; readonly first_failure_at_ms: number | null },
) {
  return {
    attempts: before.attempts + 1,
    // The clock may have been set back since. The time allowed for retries must not wait until it has caught up.
    first_failure_at_ms: Math.min(before.first_failure_at_ms ?? failedAtMs, failedAtMs),
    not_before_ms: notBeforeMs,
    waiting_reason: fault.code,
    waiting_detail: fault.detail,
  };
}
