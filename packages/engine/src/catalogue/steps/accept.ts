import { createHash } from 'node:crypto';
import type { Insertable, Kysely, Selectable } from 'kysely';
import { operationLivesMs } from '../../deadline.ts';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import { lockParts } from '../locks.ts';
import type { Acceptance, ChainKey, DueChain } from '../operation-records.ts';
import { chainColumns, chainOfRow, importRequest, itemToJson } from '../operation-rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { noteTransitions } from './events.ts';
import { LaneChoice, raiseLane } from './lanes.ts';
import { joinImports } from './run-imports.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** Accepts the items of a request as imports. */
export async function accept(
  database: Kysely<Schema>,
  acceptance: Acceptance,
): Promise<{ readonly ids: readonly string[]; readonly chains: readonly DueChain[] }> {
  await lockParts(database, acceptance.projectId, () => []);
  const inFlight = await findInFlight(database, acceptance);
  const lanes = await LaneChoice.open(database, acceptance.actor, acceptance.lane);
  const idOf = new Map(inFlight.map((row) => [inFlightKey(row.storage_unit_id, row.item ?? '', row.task), row.id]));
  const laneOf = new Map(inFlight.map((row) => [row.id, row.interactive_for]));
  const ids: string[] = [];
  const joined: string[] = [];
  const rows: Insertable<OperationRow>[] = [];
  const interactive = new Set<string>();
  const task = importRequest(acceptance.withAncestors);
  for (const { id, item, storageUnitId, chainRoot, proofsNotBeforeMs } of acceptance.items) {
    const itemJson = itemToJson(item);
    const key = inFlightKey(storageUnitId, itemJson, task);
    const same = idOf.get(key);
    ids.push(same ?? id);
    const lane = (same === undefined ? null : laneOf.get(same)) ?? lanes.takeColumn();
    if (lane !== null) interactive.add(item.backup_id);
    laneOf.set(same ?? id, lane);
    if (same !== undefined) {
      joined.push(same);
      continue;
    }
    idOf.set(key, id);
    rows.push({
      id,
      project_id: acceptance.projectId,
      kind: 'import',
      parent_operation_id: acceptance.parentOperationId,
      storage_unit_id: storageUnitId,
      bucket_name: item.bucket_name,
      chain_root: chainRoot,
      image_path: item.image_path,
      backup_id: item.backup_id,
      resource_id: item.resource_id,
      resource_name: item.resource_name,
      item: itemJson,
      item_digest: digestOf(itemJson),
      task,
      actor_kind: acceptance.actor.kind,
      actor_name: acceptance.actor.name,
      request_id: acceptance.requestId,
      status: 'waiting',
      message: '',
      reason_detail: '',
      created_at_ms: acceptance.acceptedAtMs,
      updated_at_ms: acceptance.acceptedAtMs,
      deadline_at_ms: acceptance.acceptedAtMs + operationLivesMs,
      epoch: 0,
      proofs_not_before_ms: proofsNotBeforeMs,
      interactive_for: lane,
    });
  }
  // If another node accepts one of them at the same time, the index of unfinished imports refuses the second, and the
  // step starts again.
  await differencesOf(database).insertImports(database, rows);
  await noteTransitions(
    database,
    rows.map(({ id }) => id),
  );
  if (acceptance.parentOperationId !== null) await joinImports(database, acceptance.parentOperationId, joined);
  // Items wait for the operations in flight on their backups, so these must not be slower than the items.
  const raised = inFlight.filter((row) => row.interactive_for === null && interactive.has(row.backup_id ?? ''));
  await raiseLane(database, raised, lanes.interactiveFor);
  return { ids, chains: chainsOf(acceptance, ids, laneOf, raised) };
}

function digestOf(itemJson: string): string {
  return createHash('sha256').update(itemJson).digest('hex');
}

type InFlight = Pick<
  Selectable<OperationRow>,
  'id' | 'item' | 'task' | 'backup_id' | 'interactive_for' | (typeof chainColumns)[number]
>;

function inFlightKey(storageUnitId: string, itemJson: string, task: string | null): string {
  return JSON.stringify([storageUnitId, itemJson, task]);
}

type Backups = { readonly projectId: string; readonly backupIds: string };

const unfinishedOfBackups = fixedQuery((database, { projectId, backupIds }: Backups) => {
  const { isAmong, keepRows } = differencesOf(database);
  // They must not end before the items have joined them.
  return keepRows(
    unfinishedImports(database)
      .where('project_id', '=', projectId)
      .where((eb) => isAmong(eb.ref('backup_id'), backupIds))
      .select(['id', 'item', 'task', 'backup_id', 'interactive_for', ...chainColumns])
      .orderBy('id'),
  );
});

/** Returns the unfinished imports of the request's backups. */
async function findInFlight(database: Kysely<Schema>, { projectId, items }: Acceptance): Promise<readonly InFlight[]> {
  const backupIds = differencesOf(database).asList(items.map(({ item }) => item.backup_id));
  return await unfinishedOfBackups.all(database, { projectId, backupIds });
}

/** The chains of the items and of the raised operations, each once. */
function chainsOf(
  { projectId, items }: Acceptance,
  ids: readonly string[],
  laneOf: ReadonlyMap<string, string | null>,
  raised: readonly InFlight[],
): readonly DueChain[] {
  const chains = new Map<string, DueChain>();
  const add = (chain: ChainKey, isInteractive: boolean) => {
    const key = JSON.stringify([chain.storageUnitId, chain.bucketName, chain.chainRoot]);
    if (isInteractive || !chains.has(key)) {
      chains.set(key, { kind: 'chain', chain, lane: isInteractive ? 'interactive' : 'mass', notBeforeMs: null });
    }
  };
  for (const [index, { item, storageUnitId, chainRoot }] of items.entries()) {
    const chain = { projectId, storageUnitId, bucketName: item.bucket_name, chainRoot };
    add(chain, laneOf.get(ids[index] ?? '') != null);
  }
  for (const row of raised) {
    const chain = chainOfRow(row);
    if (chain !== null) add(chain, true);
  }
  return [...chains.values()];
}
