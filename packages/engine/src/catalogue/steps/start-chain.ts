import type { ExpressionBuilder, Kysely, Selectable } from 'kysely';
import { longestRetryDelayMs } from '../../deadline.ts';
import { fixedQuery } from '../fixed-query.ts';
import { lockParts } from '../locks.ts';
import type { ChainKey, ItemOperation } from '../operation-records.ts';
import { rowToItemOperation } from '../operation-rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { noteTransitions } from './events.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** Starts the imports of a chain. */
export async function startChain(
  database: Kysely<Schema>,
  chain: ChainKey,
  leaseOwner: string,
  startedAtMs: number,
): Promise<readonly ItemOperation[]> {
  const due = await lockDue(database, chain, () => dueImports.all(database, dueAt(chain, leaseOwner, startedAtMs)));
  return await start(database, due, leaseOwner, startedAtMs);
}

/** Starts the imports of a chain that one operation accepted. */
export async function startChildren(
  database: Kysely<Schema>,
  chain: ChainKey,
  parentOperationId: string,
  leaseOwner: string,
  startedAtMs: number,
): Promise<readonly ItemOperation[]> {
  const children = dueOf(database, dueAt(chain, leaseOwner, startedAtMs))
    .where('status', '=', 'waiting')
    .where('parent_operation_id', '=', parentOperationId);
  const due = await lockDue(database, chain, () => children.execute());
  return await start(database, due, leaseOwner, startedAtMs);
}

/**
 * Locks the backups of the imports that are due, and returns these imports: of each backup, one import at a time may be
 * started, whatever its chain. What becomes due meanwhile is left to the job of the step that made it due.
 */
async function lockDue(
  database: Kysely<Schema>,
  { projectId }: ChainKey,
  findDue: () => Promise<readonly DueImport[]>,
): Promise<readonly DueImport[]> {
  const locked = await lockParts(database, projectId, async () => {
    const rows = await findDue();
    return rows.map((row) => ['backup', row.backup_id ?? '']);
  });
  const rows = await findDue();
  if (locked === null) return rows;
  const backupIds = new Set(locked.map(([, id]) => id));
  return rows.filter((row) => backupIds.has(row.backup_id ?? ''));
}

type Due = {
  readonly chain: ChainKey;
  readonly leaseOwner: string;
  readonly nowMs: number;
  readonly beyondAnyDelayMs: number;
};

function dueAt(chain: ChainKey, leaseOwner: string, nowMs: number): Due {
  return { chain, leaseOwner, nowMs, beyondAnyDelayMs: nowMs + longestRetryDelayMs };
}

function dueOf(database: Kysely<Schema>, { chain, leaseOwner, nowMs, beyondAnyDelayMs }: Due) {
  return unfinishedImports(database)
    .where('project_id', '=', chain.projectId)
    .where('storage_unit_id', '=', chain.storageUnitId)
    .where('bucket_name', '=', chain.bucketName)
    .where('chain_root', '=', chain.chainRoot)
    .where(({ eb, or }) => or([eb('status', '=', 'waiting'), eb('lease_owner', '=', leaseOwner)]))
    .where(({ eb, or }) => or([eb('waits_for_backup_id', 'is', null), eb('deadline_at_ms', '<=', nowMs)]))
    .where(isDue(nowMs, beyondAnyDelayMs))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('operations as before')
            .select('before.id')
            .whereRef('before.project_id', '=', 'operations.project_id')
            .whereRef('before.backup_id', '=', 'operations.backup_id')
            .where('before.kind', '=', 'import')
            .where('before.ended_at_ms', 'is', null)
            .whereRef('before.id', '!=', 'operations.id')
            .where((eb) =>
              eb.or([
                eb('before.sequence', '<', eb.ref('operations.sequence')),
                // If transactions overlap, an earlier number may become visible after a later one was started.
                eb('before.status', '=', 'running'),
              ]),
            ),
        ),
      ),
    )
    .select(['operations.id', 'operations.backup_id']);
}

type DueImport = { readonly id: string; readonly backup_id: string | null };

const dueImports = fixedQuery((database, due: Due) => dueOf(database, due));

/** Matches operations whose next attempt is due. A time beyond any delay was stored before the clock was set back. */
export function isDue(nowMs: number, beyondAnyDelayMs = nowMs + longestRetryDelayMs) {
  return ({ eb, or }: ExpressionBuilder<Schema, 'operations'>) =>
    or([eb('not_before_ms', 'is', null), eb('not_before_ms', '<=', nowMs), eb('not_before_ms', '>', beyondAnyDelayMs)]);
}

const startImports = fixedQuery(
  (database, { leaseOwner, startedAtMs, ids }: { leaseOwner: string; startedAtMs: number; ids: readonly string[] }) =>
    database
      .updateTable('operations')
      .set((eb) => ({
        status: 'running',
        lease_owner: leaseOwner,
        epoch: eb('epoch', '+', 1),
        waits_for_backup_id: null,
        not_before_ms: null,
        waiting_reason: null,
        waiting_detail: '',
        message: '',
        started_at_ms: startedAtMs,
        updated_at_ms: startedAtMs,
      }))
      .where('id', 'in', ids)
      .returningAll(),
);

async function start(
  database: Kysely<Schema>,
  due: readonly { readonly id: string }[],
  leaseOwner: string,
  startedAtMs: number,
): Promise<readonly ItemOperation[]> {
  const started: Selectable<OperationRow>[] = [];
  for (const some of chunks(due)) {
    started.push(...(await startImports.all(database, { leaseOwner, startedAtMs, ids: some.map(({ id }) => id) })));
  }
  await noteTransitions(
    database,
    started.map(({ id }) => id),
  );
  return started.toSorted((one, other) => one.sequence - other.sequence).map(rowToItemOperation);
}
