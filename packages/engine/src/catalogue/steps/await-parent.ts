import type { Kysely, Selectable } from 'kysely';
import type { ChainKey, ImportFinish, ImportFinished, MissingParent } from '../port.ts';
import { chainColumns, rowsToChains } from '../rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { noteTransitions } from './events.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/**
 * Makes a running import wait for the import of a parent that it did not find. Null: nothing is in flight that could
 * show the parent. If the parent was recorded since the import looked for it, the import is taken up again at once.
 */
export async function awaitParent(
  database: Kysely<Schema>,
  operation: Selectable<OperationRow>,
  parent: MissingParent,
  finish: Pick<ImportFinish, 'requests' | 'endedAtMs'>,
): Promise<ImportFinished | null> {
  const { backup_id: backupId, project_id: projectId } = operation;
  if (backupId === null) throw new TypeError(`import ${operation.id} has no backup`);
  const record = await database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('backup_id', '=', parent.backupId)
    .where('forgotten_at_ms', 'is', null)
    .select('revision')
    .executeTakeFirst();
  if ((record?.revision ?? null) !== parent.revision) {
    await makeWait(database, operation, null, finish);
    return { result: 'waits', chains: rowsToChains([operation]) };
  }
  const way = await wayOfWaits(database, projectId, backupId, parent.backupId);
  if (way.at(-1) === backupId) return { result: 'cycle', chains: [], way };
  const inFlight = await unfinishedImports(database)
    .where('project_id', '=', projectId)
    .where('backup_id', '=', parent.backupId)
    .select('id')
    .limit(1)
    .executeTakeFirst();
  if (inFlight === undefined) return null;
  await makeWait(database, operation, parent.backupId, finish);
  return { result: 'waits', chains: [] };
}

/** Ends the waits for a backup whose import has just ended. Returns the chains that may go on, some more than once. */
export async function endWaitsFor(
  database: Kysely<Schema>,
  { project_id: projectId, backup_id: backupId }: Selectable<OperationRow>,
): Promise<readonly Pick<Selectable<OperationRow>, (typeof chainColumns)[number]>[]> {
  return await database
    .updateTable('operations')
    .set({ waits_for_backup_id: null, message: '' })
    .where('project_id', '=', projectId)
    .where('waits_for_backup_id', '=', backupId)
    .returning(chainColumns)
    .execute();
}

/** The chains of imports that wait for another backup though their time is up; see {@link Catalogue.overdueWaits}. */
export async function overdueWaits(database: Kysely<Schema>, nowMs: number): Promise<readonly ChainKey[]> {
  const rows = await unfinishedImports(database)
    .where('waits_for_backup_id', 'is not', null)
    .where('deadline_at_ms', '<=', nowMs)
    .select(chainColumns)
    .execute();
  return rowsToChains(rows);
}

/** From the backup that would wait along the waits that exist. Only the oldest import of a backup can wait for another. */
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

async function makeWait(
  database: Kysely<Schema>,
  { id }: Selectable<OperationRow>,
  parentId: string | null,
  { requests, endedAtMs }: Pick<ImportFinish, 'requests' | 'endedAtMs'>,
): Promise<void> {
  await database
    .updateTable('operations')
    .set((eb) => ({
      status: 'waiting',
      waits_for_backup_id: parentId,
      message: parentId === null ? '' : `waits for the import of backup ${parentId}, which its chain builds on`,
      // What looking took so far is part of what the import costs.
      list_requests: eb(eb.fn.coalesce('list_requests', eb.lit(0)), '+', requests.lists),
      get_requests: eb(eb.fn.coalesce('get_requests', eb.lit(0)), '+', requests.gets),
      bytes_read: eb(eb.fn.coalesce('bytes_read', eb.lit(0)), '+', requests.bytesRead),
      started_at_ms: null,
      updated_at_ms: endedAtMs,
      lease_owner: null,
    }))
    .where('id', '=', id)
    .execute();
  await noteTransitions(database, [id]);
}
