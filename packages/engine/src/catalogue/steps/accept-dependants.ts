import type { Kysely } from 'kysely';
import { v7 as newId } from 'uuid';
import { chainRootOf } from '../../chain/formats/chain-root.ts';
import { reasonsOfParent } from '../../chain/proof/lasting-fault.ts';
import { rowToRecord } from '../backup-rows.ts';
import { fixedQuery } from '../fixed-query.ts';
import { itemOfRecord } from '../item-of-record.ts';
import type { DueChain } from '../operation-records.ts';
import { laneOf } from '../operation-rows.ts';
import type { Schema } from '../schema.ts';
import { accept } from './accept.ts';

type ParentKey = { readonly projectId: string; readonly backupId: string };

/** Selects the backups that build on a parent directly, without those that have an unfinished import. */
function childrenOf(database: Kysely<Schema>, { projectId, backupId }: ParentKey) {
  return database
    .selectFrom('backups')
    .where('project_id', '=', projectId)
    .where('parent_backup_id', '=', backupId)
    .where('forgotten_at_ms', 'is', null)
    .where('vanished_at_ms', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('operations')
            .select('operations.id')
            .whereRef('operations.project_id', '=', 'backups.project_id')
            .whereRef('operations.backup_id', '=', 'backups.backup_id')
            .where('operations.kind', '=', 'import')
            .where('operations.ended_at_ms', 'is', null),
        ),
      ),
    )
    .selectAll();
}

const availableChildren = fixedQuery((database, parent: ParentKey) =>
  childrenOf(database, parent).where('status', '=', 'available'),
);

const brokenChildren = fixedQuery((database, parent: ParentKey) =>
  childrenOf(database, parent).where('status', '=', 'error').where('reason_code', 'in', reasonsOfParent),
);

/**
 * Accepts imports of the backups that build on this one directly. The imports get the actor, lane and parent operation
 * of the operation that changed this backup.
 *
 * `which` selects the backups that this one had broken, or those still recorded as available. Each of them that changes
 * has its own dependants imported in turn. Backups with an unfinished import are left out, because that import sees the
 * change anyway. Returns the chains to be worked on.
 */
export async function acceptDependants(
  database: Kysely<Schema>,
  parent: ParentKey,
  which: 'broken' | 'available',
  origin: { readonly operationId: string; readonly acceptedAtMs: number },
): Promise<readonly DueChain[]> {
  const { projectId } = parent;
  const rows = await (which === 'available' ? availableChildren : brokenChildren).all(database, parent);
  if (rows.length === 0) return [];
  const operation = await database
    .selectFrom('operations')
    .where('id', '=', origin.operationId)
    .select(['parent_operation_id', 'actor_kind', 'actor_name', 'request_id', 'interactive_for'])
    .executeTakeFirst();
  // There is no actor to name for them.
  if (operation === undefined) return [];
  const items = rows.map(rowToRecord).map((record) => ({
    id: newId(),
    item: itemOfRecord(record),
    storageUnitId: record.location.storageUnitId,
    chainRoot: chainRootOf(record.location.imagePath),
    proofsNotBeforeMs: null,
  }));
  const { chains } = await accept(database, {
    projectId,
    actor: { kind: operation.actor_kind, name: operation.actor_name },
    requestId: operation.request_id,
    acceptedAtMs: origin.acceptedAtMs,
    parentOperationId: operation.parent_operation_id,
    withAncestors: false,
    lane: laneOf(operation),
    items,
  });
  return chains;
}
