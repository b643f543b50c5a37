import type { Kysely, Selectable } from 'kysely';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import { oneQuery } from '../one-query.ts';
import type { ChainKey, EndedOperation, Ends, OperationRecord } from '../operation-records.ts';
import { rowToOperation } from '../operation-rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { cancelledFault, endUntried } from './end-import.ts';
import { noteEnds, noteTransitions } from './events.ts';
import { lockImport } from './lock-import.ts';
import { unfinishedImports } from './unfinished-imports.ts';
import { deleteParts } from './verification-parts.ts';

/** Cancels an operation. */
export async function cancelOperation(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  cancelledAtMs: number,
): Promise<(Ends & { readonly operation: OperationRecord }) | null> {
  await lockImport(database, id);
  const { keepRows } = differencesOf(database);
  const find = () =>
    keepRows(
      database
        .selectFrom('operations')
        .where('id', '=', id)
        .where('project_id', '=', projectId)
        .where('kind', '!=', 'delete')
        .selectAll(),
    ).executeTakeFirst();
  const row = await find();
  if (row === undefined) return null;
  const ends = row.ended_at_ms === null ? await cancelUnfinished(database, row, cancelledAtMs) : { ended: [], due: [] };
  return { operation: rowToOperation((await find()) ?? row), ...ends };
}

async function cancelUnfinished(
  database: Kysely<Schema>,
  row: Selectable<OperationRow>,
  cancelledAtMs: number,
): Promise<Ends> {
  if (row.kind === 'import') return await cancelImport(database, row, cancelledAtMs);
  return { ended: await cancelSingle(database, row, cancelledAtMs), due: [] };
}

async function cancelImport(
  database: Kysely<Schema>,
  row: Selectable<OperationRow>,
  cancelledAtMs: number,
): Promise<Ends> {
  await database
    .updateTable('operations')
    .set({ cancel_requested_at_ms: cancelledAtMs, updated_at_ms: cancelledAtMs, waits_for_backup_id: null })
    .where('id', '=', row.id)
    .execute();
  if (row.status === 'waiting') {
    return await endUntried(database, row, { fault: cancelledFault, endedAtMs: cancelledAtMs });
  }
  await noteTransitions(database, [row.id]);
  return { ended: [], due: [] };
}

/** Cancels an unfinished single operation. Returns it if it has ended with that. */
export async function cancelSingle(
  database: Kysely<Schema>,
  row: Selectable<OperationRow>,
  cancelledAtMs: number,
): Promise<readonly EndedOperation[]> {
  const noted = { cancel_requested_at_ms: cancelledAtMs, updated_at_ms: cancelledAtMs };
  const ended = {
    status: 'failed' as const,
    message: messageOfCancelled(row),
    reason_code: 'cancelled' as const,
    not_before_ms: null,
    waiting_reason: null,
    waiting_detail: '',
    ended_at_ms: cancelledAtMs,
  };
  // A scan that waits for its imports has no worker.
  const isWorkedOn = row.status === 'running' && row.listed_at_ms === null;
  await database
    .updateTable('operations')
    .set(isWorkedOn ? noted : { ...noted, ...ended })
    .where('id', '=', row.id)
    .execute();
  if (isWorkedOn) {
    await noteTransitions(database, [row.id]);
    return [];
  }
  await deleteParts(database, [row.id]);
  return await noteEnds(database, [row.id]);
}

function messageOfCancelled({ status, message, attempts }: Selectable<OperationRow>): string {
  if (status !== 'waiting') return `${message}; its imports continue`;
  return attempts === 0 ? 'cancelled before it started' : 'cancelled while it waited for another attempt';
}

const cancelledOfChain = fixedQuery((database, { chain }: { chain: ChainKey }) =>
  unfinishedImports(database)
    .where('project_id', '=', chain.projectId)
    .where('storage_unit_id', '=', chain.storageUnitId)
    .where('bucket_name', '=', chain.bucketName)
    .where('chain_root', '=', chain.chainRoot)
    .where('status', '=', 'running')
    .where('cancel_requested_at_ms', 'is not', null)
    .select('id'),
);

/** Returns the ids of the running imports of a chain that were cancelled. */
export const cancelledImports = oneQuery({
  query: cancelledOfChain,
  values: (_, chain: ChainKey) => ({ chain }),
  answer: (rows): readonly string[] => rows.map(({ id }) => id),
});
