import type { Kysely } from 'kysely';
import type { ChainKey, DueChain, OperationRecord } from '../records.ts';
import { rowToOperation } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { cancelledFault, endUntried } from './end-import.ts';
import { noteTransitions } from './events.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** Cancels an import. */
export async function cancelImport(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  cancelledAtMs: number,
): Promise<{ readonly operation: OperationRecord; readonly chains: readonly DueChain[] } | null> {
  const show = () =>
    database
      .selectFrom('operations')
      .where('id', '=', id)
      .where('project_id', '=', projectId)
      .where('kind', '=', 'import')
      .selectAll()
      .executeTakeFirst();
  const row = await show();
  if (row === undefined) return null;
  if (row.ended_at_ms !== null) return { operation: rowToOperation(row), chains: [] };
  await database
    .updateTable('operations')
    .set({ cancel_requested_at_ms: cancelledAtMs, updated_at_ms: cancelledAtMs, waits_for_backup_id: null })
    .where('id', '=', id)
    .execute();
  const end = { fault: cancelledFault, endedAtMs: cancelledAtMs };
  const chains = row.status === 'waiting' ? await endUntried(database, row, end) : [];
  if (row.status !== 'waiting') await noteTransitions(database, [id]);
  return { operation: rowToOperation((await show()) ?? row), chains };
}

/** The running imports of a chain that were cancelled. */
export async function cancelledImports(database: Kysely<Schema>, chain: ChainKey): Promise<readonly string[]> {
  const rows = await unfinishedImports(database)
    .where('project_id', '=', chain.projectId)
    .where('storage_unit_id', '=', chain.storageUnitId)
    .where('bucket_name', '=', chain.bucketName)
    .where('chain_root', '=', chain.chainRoot)
    .where('status', '=', 'running')
    .where('cancel_requested_at_ms', 'is not', null)
    .select('id')
    .execute();
  return rows.map(({ id }) => id);
}
