import type { Kysely, Selectable } from 'kysely';
import { fixedQuery } from '../fixed-query.ts';
import { lockParts } from '../locks.ts';
import type { DueChain, ImportFinish, ImportFinished, MissingParent } from '../operation-records.ts';
import { type ChainColumns, chainColumns } from '../operation-rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { dueChains } from './due-chains.ts';
import { raiseLane } from './lanes.ts';
import { makeWait } from './make-wait.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** An import that has not ended. */
type InFlight = ChainColumns & Pick<Selectable<OperationRow>, 'id' | 'backup_id' | 'interactive_for'>;

/**
 * Makes a running import wait for the import of a parent that it did not find. Returns null if no import in flight
 * could record the parent. If the parent was recorded since the import looked for it, the import is due again
 * immediately.
 */
export async function awaitParent(
  database: Kysely<Schema>,
  operation: Selectable<OperationRow>,
  parent: MissingParent,
  finish: Pick<ImportFinish, 'requests' | 'endedAtMs'>,
): Promise<ImportFinished | null> {
  const { backup_id: backupId, project_id: projectId } = operation;
  if (backupId === null) throw new TypeError(`import ${operation.id} has no backup`);
  await lockParts(database, projectId, () => [
    ['backup', backupId],
    ['backup', parent.backupId],
    // Waits that are added at the same time could close a cycle together.
    ['waits', ''],
  ]);
  const record = await database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', '=', parent.backupId)
    .where('forgotten_at_ms', 'is', null)
    .select('revision')
    .executeTakeFirst();
  if ((record?.revision ?? null) !== parent.revision) {
    await makeWaitFor(database, operation, null, finish);
    return { result: 'waits', ended: [], due: await dueChains(database, [operation]) };
  }
  const way = await wayOfWaits(database, projectId, backupId, parent.backupId);
  if (way.at(-1) === backupId) return { result: 'cycle', ended: [], due: [], way };
  const inFlight = await unfinishedImports(database)
    .where('project_id', '=', projectId)
    .where('backup_id', '=', parent.backupId)
    .select(['id', 'backup_id', 'interactive_for', ...chainColumns])
    .execute();
  if (inFlight.length === 0) return null;
  const message = `waits for the import of backup ${parent.backupId}, which its chain builds on`;
  await makeWaitFor(database, operation, { backupId: parent.backupId, message }, finish);
  return { result: 'waits', ended: [], due: await raise(database, operation.interactive_for, inFlight) };
}

/**
 * Makes the running import of a package wait for the oldest of these imports, of backups that are part of it. Returns null
 * if there is none. No import of a part waits for one of a package, so this closes no cycle.
 */
export async function awaitImportOfPart(
  database: Kysely<Schema>,
  operation: Selectable<OperationRow>,
  inFlight: readonly InFlight[],
  finish: Pick<ImportFinish, 'requests' | 'endedAtMs'>,
): Promise<ImportFinished | null> {
  const part = inFlight[0]?.backup_id ?? null;
  if (part === null) return null;
  const message = `waits for the import of backup ${part}, which is part of it`;
  await makeWaitFor(database, operation, { backupId: part, message }, finish);
  const ofPart = inFlight.filter((row) => row.backup_id === part);
  return { result: 'waits', ended: [], due: await raise(database, operation.interactive_for, ofPart) };
}

/** Raises what interactive work waits for to the interactive lane. Returns the chains whose lane has changed. */
async function raise(
  database: Kysely<Schema>,
  interactiveFor: string | null,
  inFlight: readonly InFlight[],
): Promise<readonly DueChain[]> {
  const slower = inFlight.filter((row) => row.interactive_for === null);
  if (interactiveFor === null || slower.length === 0) return [];
  await raiseLane(database, slower, interactiveFor);
  return await dueChains(database, slower);
}

const endWaits = fixedQuery((database, { projectId, backupId }: { projectId: string; backupId: string | null }) =>
  database
    .updateTable('operations')
    .set({ waits_for_backup_id: null, message: '' })
    .where('project_id', '=', projectId)
    .where('waits_for_backup_id', '=', backupId)
    .returning(chainColumns),
);

/**
 * Ends the waits for a backup whose import has just ended. Returns the chains that can continue, some more than once.
 */
export async function endWaitsFor(
  database: Kysely<Schema>,
  { project_id: projectId, backup_id: backupId }: Selectable<OperationRow>,
): Promise<readonly ChainColumns[]> {
  return await endWaits.all(database, { projectId, backupId });
}

/** Returns the chains of imports that wait for another backup although their deadline has passed. */
export async function overdueWaits(database: Kysely<Schema>, nowMs: number): Promise<readonly DueChain[]> {
  const rows = await unfinishedImports(database)
    .where('waits_for_backup_id', 'is not', null)
    .where('deadline_at_ms', '<=', nowMs)
    .select(chainColumns)
    .execute();
  // These imports are due now, whatever else waits in their chains.
  return (await dueChains(database, rows)).map((due) => ({ ...due, notBeforeMs: null }));
}

/**
 * Follows the existing waits from the backup that would wait. Only the oldest import of a backup can wait for another.
 */
async function wayOfWaits(
  database: Kysely<Schema>,
  projectId: string,
  from: string,
  to: string,
): Promise<readonly string[]> {
  const way = [from, to];
  for (let next = to; next !== from; ) {
    const waiting = await unfinishedImports(database)
      .where('project_id', '=', projectId)
      .where('backup_id', '=', next)
      .where('waits_for_backup_id', 'is not', null)
      .select('waits_for_backup_id')
      .executeTakeFirst();
    if (waiting === undefined || waiting.waits_for_backup_id === null) break;
    next = waiting.waits_for_backup_id;
    way.push(next);
  }
  return way;
}

async function makeWaitFor(
  database: Kysely<Schema>,
  { id }: Selectable<OperationRow>,
  other: { readonly backupId: string; readonly message: string } | null,
  { requests, endedAtMs }: Pick<ImportFinish, 'requests' | 'endedAtMs'>,
): Promise<void> {
  const columns = { waits_for_backup_id: other?.backupId ?? null, message: other?.message ?? '' };
  // Storage has answered, so earlier failures are over.
  const over = { attempts: 0, first_failure_at_ms: null };
  await makeWait(database, id, { ...over, ...columns }, requests, endedAtMs);
}
