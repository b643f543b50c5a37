import { reasonCodes, reasons } from '@backup-sync/contracts';
import type { Kysely, Selectable } from 'kysely';
import { deadlineDetail } from '../../deadline.ts';
import { differencesOf } from '../differences.ts';
import { lockParts } from '../locks.ts';
import type { EndedOperation } from '../operation-records.ts';
import { parse } from '../operation-rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { noteEnds } from './events.ts';
import { hasUnfinishedImports, newestImports } from './run-imports.ts';
import { runStanding } from './run-standing.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** Selects the runs whose listing is complete and that wait for their imports. */
function importingRuns(database: Kysely<Schema>) {
  return database.selectFrom('operations').where('ended_at_ms', 'is', null).where('listed_at_ms', 'is not', null);
}

/** More than the steps that may end imports of a run at the same time. */
const endingAtOnce = 500;

/**
 * Ends a run that waits for its imports, if none is left. Only here does such a run end as `success` or with backups in
 * error.
 */
export async function endRunIfDone(
  database: Kysely<Schema>,
  projectId: string,
  runId: string,
  endedAtMs: number,
): Promise<readonly EndedOperation[]> {
  if (await isFarFromDone(database, runId)) return [];
  await lockParts(database, projectId, () => [['run', runId]]);
  // A person may cancel it, or its deadline may end it, at the same time.
  const run = await differencesOf(database)
    .keepRows(importingRuns(database).where('id', '=', runId).selectAll())
    .executeTakeFirst();
  if (run === undefined || (await hasUnfinishedImports(database, runId))) return [];
  const { synced, inError, firstError } = await runStanding(database, run);
  const place = `${run.bucket_name}/${firstError?.image_path}`;
  const detail = firstError?.reason_detail === '' ? place : `${place}, ${firstError?.reason_detail}`;
  await database
    .updateTable('operations')
    .set({
      status: firstError === null ? 'success' : 'failed',
      message: `${run.message}; ${synced} ${run.source_id === null ? 'imported' : 'imported or unchanged'}, ${inError} in error`,
      reason_code: firstError?.reason_code ?? null,
      reason_detail: inError > 1 ? `first of ${inError}: ${detail}` : firstError === null ? '' : detail,
      result: JSON.stringify({
        ...(parse(run.result) as object),
        sync_backup_num: synced,
        err_sync_backup_num: inError,
      }),
      ended_at_ms: endedAtMs,
      updated_at_ms: endedAtMs,
    })
    .where('id', '=', runId)
    .execute();
  await settle(database, run);
  return await noteEnds(database, [runId]);
}

/**
 * Whether too many imports of a run are unfinished for this step to end it. Two steps that end the last two imports must
 * not both take the other one for unfinished, so they lock the run. Before that, they need not wait for each other.
 */
async function isFarFromDone(database: Kysely<Schema>, runId: string): Promise<boolean> {
  if (differencesOf(database).takeLocks === null) return false;
  const unfinished = unfinishedImports(database).where('operations.parent_operation_id', '=', runId);
  return (await unfinished.select('id').offset(endingAtOnce).limit(1).executeTakeFirst()) !== undefined;
}

/** Ends the runs that have waited for their imports until their deadline. */
export async function endOverdueRuns(database: Kysely<Schema>, nowMs: number): Promise<readonly EndedOperation[]> {
  const overdue = await differencesOf(database)
    .keepRows(importingRuns(database).where('deadline_at_ms', '<=', nowMs).select('id'))
    .execute();
  for (const { id } of overdue) {
    await database
      .updateTable('operations')
      .set({
        status: 'timeout',
        reason_code: 'deadline_exceeded',
        reason_detail: `${deadlineDetail}; its imports continue`,
        ended_at_ms: nowMs,
        updated_at_ms: nowMs,
      })
      .where('id', '=', id)
      .execute();
  }
  return await noteEnds(
    database,
    overdue.map(({ id }) => id),
  );
}

/** Reasons that can pass without anybody fixing anything. */
const passingReasons = reasonCodes.filter((code) => reasons[code].retry !== 'final');

/**
 * Moves "last good sync" to the start of a run that has seen everything, unless an import of it failed for a passing
 * reason.
 */
async function settle(database: Kysely<Schema>, run: Selectable<OperationRow>): Promise<void> {
  if (run.source_id === null) return;
  const passing = await newestImports(database, run.id)
    .where('import.reason_code', 'in', passingReasons)
    .select('import.id')
    .limit(1)
    .executeTakeFirst();
  await database
    .updateTable('sources')
    .set({ unsettled_run_id: null, ...(passing === undefined && { last_good_sync_at_ms: run.started_at_ms }) })
    .where('id', '=', run.source_id)
    .where('unsettled_run_id', '=', run.id)
    .execute();
}
