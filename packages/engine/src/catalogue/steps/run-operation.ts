import type { Kysely } from 'kysely';
import { faultToColumns } from '../backup-rows.ts';
import type {
  EndedOperation,
  ListingFinish,
  OperationFinish,
  OperationProgress,
  SingleOperation,
} from '../operation-records.ts';
import { rowToSingle, singleKinds } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { cancelSingle } from './cancel-operation.ts';
import { endRunIfDone } from './end-run.ts';
import { noteEnds, noteTransitions } from './events.ts';
import { lockImport } from './lock-import.ts';
import { addedTo } from './make-wait.ts';
import { isDue } from './start-chain.ts';
import { deleteParts } from './verification-parts.ts';

/** Starts a single operation. */
export async function startOperation(
  database: Kysely<Schema>,
  id: string,
  leaseOwner: string,
  startedAtMs: number,
): Promise<SingleOperation | null> {
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
    .where('kind', 'in', singleKinds)
    .where('ended_at_ms', 'is', null)
    .where(({ eb, or }) => or([eb('status', '=', 'waiting'), eb('lease_owner', '=', leaseOwner)]))
    .where(isDue(startedAtMs))
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  await database.deleteFrom('scan_findings').where('operation_id', '=', id).execute();
  await noteTransitions(database, [id]);
  return rowToSingle(row);
}

export async function saveProgress(
  database: Kysely<Schema>,
  id: string,
  epoch: number,
  progress: OperationProgress,
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

/** Ends a single operation. */
export async function finishOperation(
  database: Kysely<Schema>,
  finish: OperationFinish,
): Promise<readonly EndedOperation[] | null> {
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
  if (numUpdatedRows === 0n) return null;
  await deleteParts(database, [finish.id]);
  return await noteEnds(database, [finish.id]);
}

/** Marks the listing of a scan as complete, so that it waits for its imports. */
export async function finishListing(
  database: Kysely<Schema>,
  listing: ListingFinish,
): Promise<readonly EndedOperation[] | null> {
  await lockImport(database, listing.id);
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
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  if (row.cancel_requested_at_ms !== null) return await cancelSingle(database, row, listing.listedAtMs);
  return await endRunIfDone(database, row.project_id, listing.id, listing.listedAtMs);
}
