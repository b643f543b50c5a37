import type { Kysely, Selectable } from 'kysely';
import type { ChainKey, ImportFinish } from '../port.ts';
import { chainColumns, rowsToChains, toStoredBoolean } from '../rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { noteTransitions } from './events.ts';
import { unfinishedImports } from './unfinished-imports.ts';
import { writeVerdict } from './write-verdict.ts';

type Finished = {
  readonly result: 'finished' | 'stale_epoch' | 'stale_record';
  readonly chains: readonly ChainKey[];
};

/** Ends an import with its record and proofs; see {@link Catalogue.finishImport}. */
export async function finishImport(database: Kysely<Schema>, finish: ImportFinish): Promise<Finished> {
  const operation = await unfinishedImports(database)
    .where('id', '=', finish.operationId)
    .where('status', '=', 'running')
    .where('epoch', '=', finish.epoch)
    .selectAll()
    .executeTakeFirst();
  if (operation === undefined) return { result: 'stale_epoch', chains: [] };

  const { backup_id: backupId, project_id: projectId } = operation;
  if (backupId === null) throw new TypeError(`import ${operation.id} has no backup`);
  if (!(await writeVerdict(database, { ...finish, backupId, projectId })))
    return { result: 'stale_record', chains: [] };
  await endOperation(database, finish);

  return { result: 'finished', chains: await findChainsBehind(database, operation) };
}

/** The chains with waiting operations of the same backup, each once. */
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
  const once = new Map(rows.map((row) => [JSON.stringify(row), row]));
  return rowsToChains([...once.values()]);
}

async function endOperation(database: Kysely<Schema>, finish: ImportFinish): Promise<void> {
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
      list_requests: finish.requests.lists,
      get_requests: finish.requests.gets,
      bytes_read: finish.requests.bytesRead,
      ended_at_ms: finish.endedAtMs,
      updated_at_ms: finish.endedAtMs,
      lease_owner: null,
    })
    .where('id', '=', finish.operationId)
    .execute();
  await noteTransitions(database, [finish.operationId]);
}
