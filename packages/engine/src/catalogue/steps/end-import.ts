import type { Kysely, Selectable, Updateable } from 'kysely';
import type { Fault } from '../../chain/proof/link.ts';
import type { RequestCount } from '../../storage/counted-storage-unit.ts';
import type { Decision } from '../backup-records.ts';
import { faultToColumns, toStoredBoolean } from '../backup-rows.ts';
import { fixedQuery } from '../fixed-query.ts';
import type { DueChain, EndedOperation, Ends, ImportFinish } from '../operation-records.ts';
import { chainColumns } from '../operation-rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { endWaitsFor } from './await-parent.ts';
import { dueChains } from './due-chains.ts';
import { endRunIfDone } from './end-run.ts';
import { noteTransitions } from './events.ts';
import { runsOfImport } from './run-imports.ts';
import { unfinishedImports } from './unfinished-imports.ts';

export const cancelledFault: Fault = { code: 'cancelled', detail: '' };

/** The end of an import. */
type ImportEnd = Omit<Decision, 'record' | 'proofs'> & Pick<ImportFinish, 'requests' | 'endedAtMs'>;

/**
 * Ends an import; every import ends here. Runs that waited for it may end with it. Returns what has ended, and the
 * chains that can continue. Imports of the backups that build on this one count for these runs too, so they must be
 * accepted before.
 */
export async function endImport(
  database: Kysely<Schema>,
  operation: Selectable<OperationRow>,
  end: ImportEnd,
): Promise<Ends<DueChain>> {
  const ended = [...(await endOperation(database, operation, end))];
  for (const runId of await runsOfImport(database, operation)) {
    ended.push(...(await endRunIfDone(database, operation.project_id, runId, end.endedAtMs)));
  }
  return { ended, due: await findChainsBehind(database, operation) };
}

/** Ends an import without a verdict: nothing is recorded or changed. */
export async function endUntried(
  database: Kysely<Schema>,
  operation: Selectable<OperationRow>,
  end: { readonly fault: Fault; readonly endedAtMs: number; readonly requests?: RequestCount },
): Promise<Ends<DueChain>> {
  return await endImport(database, operation, {
    status: 'failed',
    outcome: 'none',
    message: 'nothing was recorded or changed',
    fault: end.fault,
    timeContradiction: null,
    level: null,
    incremental: null,
    requests: end.requests ?? { lists: 0, gets: 0, bytesRead: 0 },
    endedAtMs: end.endedAtMs,
  });
}

const importsBehind = fixedQuery((database, { projectId, backupId }: { projectId: string; backupId: string | null }) =>
  unfinishedImports(database)
    .where('project_id', '=', projectId)
    .where('backup_id', '=', backupId)
    .where('status', '=', 'waiting')
    .select([...chainColumns, 'waits_for_backup_id'])
    .unionAll(
      database
        .selectFrom('operations')
        .where('project_id', '=', projectId)
        .where('waits_for_backup_id', '=', backupId)
        .select([...chainColumns, 'waits_for_backup_id']),
    ),
);

const updateOperation = fixedQuery((database, { id, columns }: { id: string; columns: Updateable<OperationRow> }) =>
  database.updateTable('operations').set(columns).where('id', '=', id),
);

/** Returns the chains with imports that waited for this one to end, or for its backup, each once. */
async function findChainsBehind(
  database: Kysely<Schema>,
  operation: Selectable<OperationRow>,
): Promise<readonly DueChain[]> {
  const { project_id: projectId, backup_id: backupId } = operation;
  // Not with `distinct`: for it, SQLite would go through everything that the project has in flight, in the order of
  // chains.
  const rows = await importsBehind.all(database, { projectId, backupId });
  const others = rows.filter((row) => row.waits_for_backup_id !== backupId);
  // Nobody adds a wait meanwhile: that takes the lock of this backup.
  const ended = others.length < rows.length ? await endWaitsFor(database, operation) : [];
  return await dueChains(database, [...others, ...ended]);
}

async function endOperation(
  database: Kysely<Schema>,
  before: Selectable<OperationRow>,
  end: ImportEnd,
): Promise<readonly EndedOperation[]> {
  await updateOperation.all(database, {
    id: before.id,
    columns: {
      status: end.status,
      outcome: end.outcome,
      message: end.message,
      ...faultToColumns(end.fault),
      time_contradiction: end.timeContradiction,
      level: end.level,
      incremental: toStoredBoolean(end.incremental),
      list_requests: (before.list_requests ?? 0) + end.requests.lists,
      get_requests: (before.get_requests ?? 0) + end.requests.gets,
      bytes_read: (before.bytes_read ?? 0) + end.requests.bytesRead,
      ended_at_ms: end.endedAtMs,
      updated_at_ms: end.endedAtMs,
      lease_owner: null,
      not_before_ms: null,
      waiting_reason: null,
      waiting_detail: '',
    },
  });
  await noteTransitions(database, [before.id]);
  const { id, project_id: projectId, kind, parent_operation_id: parentOperationId } = before;
  const { status, fault } = end;
  return [{ id, projectId, kind, parentOperationId, sourceId: null, status, reasonCode: fault?.code ?? null }];
}
