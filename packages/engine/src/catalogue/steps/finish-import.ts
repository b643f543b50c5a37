import type { Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { ChainKey, ImportFinish } from '../port.ts';
import { chainColumns, proofToRow, recordToColumns, rowsToChains, toStoredBoolean } from '../rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { spreadFaults } from './spread-faults.ts';
import { unfinishedImports } from './unfinished-imports.ts';

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

  const recorded = await database
    .selectFrom('backups')
    .where('project_id', '=', operation.project_id)
    .where('backup_id', '=', operation.backup_id)
    .select(['revision', 'forgotten_at_ms'])
    .executeTakeFirst();
  const shown = recorded === undefined || recorded.forgotten_at_ms !== null ? null : recorded.revision;
  if (shown !== finish.decidedOnRevision) return { result: 'stale_record', chains: [] };

  await writeRecord(database, operation, finish, recorded?.revision ?? null);
  await writeProofs(database, operation, finish);
  await spreadFaults(database, operation.project_id, finish);
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

async function writeRecord(
  database: Kysely<Schema>,
  operation: Selectable<OperationRow>,
  finish: ImportFinish,
  /** Of the row that is there, forgotten or not; null where there is none. */
  revision: number | null,
): Promise<void> {
  const { record, endedAtMs } = finish;
  if (record === null) return;
  if (record.projectId !== operation.project_id || record.backupId !== operation.backup_id) {
    throw new Error(`Operation ${operation.id} must write the record of its own backup, not of ${record.backupId}.`);
  }
  const columns = {
    ...recordToColumns(record),
    last_operation_id: operation.id,
    updated_at_ms: endedAtMs,
    // It was seen just now, and asked for: neither mark holds any more.
    forgotten_at_ms: null,
    vanished_at_ms: null,
  };
  if (revision === null) {
    await database
      .insertInto('backups')
      .values({ ...columns, created_at_ms: endedAtMs, revision: 1 })
      .execute();
    return;
  }
  await database
    .updateTable('backups')
    .set({ ...columns, revision: revision + 1 })
    .where('project_id', '=', record.projectId)
    .where('backup_id', '=', record.backupId)
    .execute();
}

async function writeProofs(
  database: Kysely<Schema>,
  operation: Selectable<OperationRow>,
  finish: ImportFinish,
): Promise<void> {
  const rows = finish.proofs.map((proof) =>
    proofToRow(proof, { id: newId(), projectId: operation.project_id, operationId: operation.id }),
  );
  for (const some of chunks(rows)) await database.insertInto('verifications').values(some).execute();
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
}
