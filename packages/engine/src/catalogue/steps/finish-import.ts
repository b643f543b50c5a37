import type { Kysely, Selectable } from 'kysely';
import type { ChainKey, ImportFinish, ImportFinished } from '../port.ts';
import { chainColumns, rowsToChains, toStoredBoolean } from '../rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { awaitParent, endWaitsFor } from './await-parent.ts';
import { endRunIfDone } from './end-run.ts';
import { noteTransitions } from './events.ts';
import { noteOrigin } from './record-origin.ts';
import { runsOfImport } from './run-imports.ts';
import { unfinishedImports } from './unfinished-imports.ts';
import { writeVerdict } from './write-verdict.ts';

/** Ends an import with its record and proofs; see {@link Catalogue.finishImport}. */
export async function finishImport(database: Kysely<Schema>, finish: ImportFinish): Promise<ImportFinished> {
  const operation = await unfinishedImports(database)
    .where('id', '=', finish.operationId)
    .where('status', '=', 'running')
    .where('epoch', '=', finish.epoch)
    .selectAll()
    .executeTakeFirst();
  if (operation === undefined) return { result: 'stale_epoch', chains: [] };

  const { backup_id: backupId, project_id: projectId } = operation;
  if (backupId === null) throw new TypeError(`import ${operation.id} has no backup`);
  if (finish.missingParent !== null) {
    const wait = await awaitParent(database, operation, finish.missingParent, finish);
    if (wait !== null) return wait;
  }
  const dependants = await writeVerdict(database, { ...finish, backupId, projectId });
  if (dependants === null) return { result: 'stale_record', chains: [] };
  if (finish.record !== null) await noteOrigin(database, operation);
  await endOperation(database, operation, finish);
  // What builds on it counts for the run as well, and was accepted above.
  for (const runId of await runsOfImport(database, operation)) await endRunIfDone(database, runId, finish.endedAtMs);

  return { result: 'finished', chains: [...(await findChainsBehind(database, operation)), ...dependants] };
}

/** The chains with operations that waited for this one, behind it or for its backup, each once. */
async function findChainsBehind(
  database: Kysely<Schema>,
  operation: Selectable<OperationRow>,
): Promise<readonly ChainKey[]> {
  const rows = await unfinishedImports(database)
    .where('project_id', '=', operation.project_id)
    .where('backup_id', '=', operation.backup_id)
    .where('status', '=', 'waiting')
    .select(chainColumns)
    .execute();
  // Not by `distinct`: for its sake SQLite would go through all that the project has in flight, in the chains' order.
  const all = [...rows, ...(await endWaitsFor(database, operation))];
  const once = new Map(all.map((row) => [JSON.stringify(row), row]));
  return rowsToChains([...once.values()]);
}

async function endOperation(
  database: Kysely<Schema>,
  before: Selectable<OperationRow>,
  finish: ImportFinish,
): Promise<void> {
  await database
    .updateTable('operations')
    .set({
      status: finish.status,
      outcome: finish.outcome,
      message: finish.message,
      reason_code: finish.reasonCode,
      reason_detail: finish.reasonDetail,
      time_contradiction: finish.timeContradiction,
      level: finish.level,
      incremental: toStoredBoolean(finish.incremental),
      list_requests: (before.list_requests ?? 0) + finish.requests.lists,
      get_requests: (before.get_requests ?? 0) + finish.requests.gets,
      bytes_read: (before.bytes_read ?? 0) + finish.requests.bytesRead,
      ended_at_ms: finish.endedAtMs,
      updated_at_ms: finish.endedAtMs,
      lease_owner: null,
    })
    .where('id', '=', finish.operationId)
    .execute();
  await noteTransitions(database, [finish.operationId]);
}
