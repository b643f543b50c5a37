import type { Insertable, Kysely } from 'kysely';
import { operationLivesMs } from '../../deadline.ts';
import type { Acceptance } from '../port.ts';
import { importTask, itemToJson } from '../rows.ts';
import type { OperationRow, Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { noteTransitions } from './events.ts';
import { joinImports } from './run-imports.ts';
import { unfinishedImports } from './unfinished-imports.ts';

/** Writes the operations of a request; see {@link Catalogue.accept}. Returns one id for each item, in their order. */
export async function accept(database: Kysely<Schema>, acceptance: Acceptance): Promise<readonly string[]> {
  const inFlight = await findInFlight(database, acceptance);
  const ids: string[] = [];
  const joined: string[] = [];
  const rows: Insertable<OperationRow>[] = [];
  const task = importTask(acceptance.withAncestors);
  for (const { id, item, storageUnitId, chainRoot, proofsNotBeforeMs } of acceptance.items) {
    const itemJson = itemToJson(item);
    const key = inFlightKey(storageUnitId, itemJson, task);
    const same = inFlight.get(key);
    ids.push(same ?? id);
    if (same !== undefined) {
      joined.push(same);
      continue;
    }
    inFlight.set(key, id);
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
    });
  }
  for (const some of chunks(rows)) await database.insertInto('operations').values(some).execute();
  await noteTransitions(
    database,
    rows.map(({ id }) => id),
  );
  if (acceptance.parentOperationId !== null) await joinImports(database, acceptance.parentOperationId, joined);
  return ids;
}

function inFlightKey(storageUnitId: string, itemJson: string, task: string | null): string {
  return JSON.stringify([storageUnitId, itemJson, task]);
}

/** What waits or runs for the backups of the request: operation id by storage unit and item. */
async function findInFlight(database: Kysely<Schema>, acceptance: Acceptance): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const items of chunks(acceptance.items)) {
    const rows = await unfinishedImports(database)
      .where('project_id', '=', acceptance.projectId)
      .where(
        'backup_id',
        'in',
        items.map(({ item }) => item.backup_id),
      )
      .select(['id', 'storage_unit_id', 'item', 'task'])
      .execute();
    for (const row of rows) {
      if (row.item !== null) found.set(inFlightKey(row.storage_unit_id, row.item, row.task), row.id);
    }
  }
  return found;
}
