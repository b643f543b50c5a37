import { hooksMax } from '@backup-sync/contracts';
import type { Kysely, Selectable, Updateable } from 'kysely';
import { differencesOf } from '../differences.ts';
import type { CountedHook, HookChanges, HookRecord } from '../hook-records.ts';
import type { HookRow } from '../hook-schema.ts';
import type { Schema } from '../schema.ts';
import { newestCursor } from './events.ts';

/** Adds a hook, which takes the transitions of operations into account from now on. */
export async function addHook(
  database: Kysely<Schema>,
  hook: Omit<HookRecord, 'cursor'>,
): Promise<'added' | 'name_taken' | 'full'> {
  const ofProject = database.selectFrom('hooks').where('project_id', '=', hook.projectId);
  const { count } = await ofProject.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow();
  if (Number(count) >= hooksMax) return 'full';
  const { numInsertedOrUpdatedRows } = await database
    .insertInto('hooks')
    .values({
      id: hook.id,
      project_id: hook.projectId,
      name: hook.name,
      level: hook.level,
      created_at_ms: hook.createdAtMs,
      cursor: await newestCursor(database, hook.projectId),
      url: hook.url,
      events: JSON.stringify(hook.events),
      newest_older_than_s: hook.newestOlderThanS,
      source_older_than_s: hook.sourceOlderThanS,
      sealed_secret: hook.sealedSecret,
      sealed_private_key: hook.sealedPrivateKey,
      public_key: hook.publicKey,
    })
    .onConflict((conflict) => conflict.columns(['project_id', 'name']).doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 0n ? 'name_taken' : 'added';
}

/**
 * Changes fields of a hook; null if there is none. What waits for another try is due at once if the hook is resumed or
 * gets another address.
 */
export async function changeHook(
  database: Kysely<Schema>,
  projectId: string,
  id: string,
  changes: HookChanges,
): Promise<CountedHook | null> {
  const columns = columnsOf(changes);
  if (Object.keys(columns).length > 0) {
    const ofHook = database.updateTable('hooks').where('id', '=', id).where('project_id', '=', projectId);
    const { numUpdatedRows } = await ofHook.set(columns).executeTakeFirstOrThrow();
    const isRepaired = changes.url !== undefined || changes.pausedAtMs === null || changes.goneAtMs === null;
    if (isRepaired && numUpdatedRows > 0n) {
      const waiting = database.updateTable('hook_events').where('hook_id', '=', id).where('status', '=', 'waiting');
      await waiting.set({ not_before_ms: null }).execute();
    }
  }
  return await showHook(database, projectId, id);
}

export async function removeHook(database: Kysely<Schema>, projectId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await database
    .deleteFrom('hooks')
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

export async function listHooks(database: Kysely<Schema>, projectId: string): Promise<readonly CountedHook[]> {
  const rows = await database
    .selectFrom('hooks')
    .where('project_id', '=', projectId)
    .selectAll()
    .orderBy('name')
    .execute();
  return await counted(database, rows);
}

export async function showHook(database: Kysely<Schema>, projectId: string, id: string): Promise<CountedHook | null> {
  const row = await database
    .selectFrom('hooks')
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .selectAll()
    .executeTakeFirst();
  if (row === undefined) return null;
  const [hook] = await counted(database, [row]);
  return hook ?? null;
}

/** Returns the hooks of all projects. */
export async function allHooks(database: Kysely<Schema>): Promise<readonly HookRecord[]> {
  const rows = await database.selectFrom('hooks').selectAll().orderBy('id').execute();
  return rows.map(rowToHook);
}

/**
 * Returns a hook and keeps every other step that writes its events waiting; undefined if there is none. Steps do this
 * first, so that they lock rows in the same order.
 */
export async function lockHook(database: Kysely<Schema>, id: string): Promise<Selectable<HookRow> | undefined> {
  const { keepRows } = differencesOf(database);
  return await keepRows(database.selectFrom('hooks').where('id', '=', id).selectAll()).executeTakeFirst();
}

/** Adds the number of events that wait or were given up. */
async function counted(
  database: Kysely<Schema>,
  rows: readonly Selectable<HookRow>[],
): Promise<readonly CountedHook[]> {
  if (rows.length === 0) return [];
  const counts = await database
    .selectFrom('hook_events')
    .where(
      'hook_id',
      'in',
      rows.map(({ id }) => id),
    )
    .where('status', 'in', ['waiting', 'failed'])
    .groupBy(['hook_id', 'status'])
    .select(['hook_id', 'status', ({ fn }) => fn.countAll().as('count')])
    .execute();
  const countOf = (id: string, wanted: string) =>
    Number(counts.find(({ hook_id, status }) => hook_id === id && status === wanted)?.count ?? 0);
  return rows.map((row) => ({
    ...rowToHook(row),
    waiting: countOf(row.id, 'waiting'),
    failed: countOf(row.id, 'failed'),
  }));
}

function columnsOf({ events, previous, lastTry, ...changes }: HookChanges): Updateable<HookRow> {
  const columns: Updateable<HookRow> = {
    url: changes.url,
    newest_older_than_s: changes.newestOlderThanS,
    level: changes.level,
    source_older_than_s: changes.sourceOlderThanS,
    sealed_secret: changes.sealedSecret,
    sealed_private_key: changes.sealedPrivateKey,
    public_key: changes.publicKey,
    paused_at_ms: changes.pausedAtMs,
    gone_at_ms: changes.goneAtMs,
    events: events === undefined ? undefined : JSON.stringify(events),
    ...(previous !== undefined && {
      previous_sealed_secret: previous?.sealedSecret ?? null,
      previous_sealed_private_key: previous?.sealedPrivateKey ?? null,
      previous_until_ms: previous?.untilMs ?? null,
    }),
    ...(lastTry !== undefined && {
      last_try_at_ms: lastTry?.atMs ?? null,
      last_try_delivered: lastTry === null ? null : lastTry.isDelivered ? 1 : 0,
      last_answer: lastTry?.answer ?? null,
    }),
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

export function rowToHook(row: Selectable<HookRow>): HookRecord {
  const { previous_sealed_secret: sealedSecret, previous_until_ms: untilMs } = row;
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    url: row.url,
    events: JSON.parse(row.events),
    newestOlderThanS: row.newest_older_than_s,
    level: row.level,
    sourceOlderThanS: row.source_older_than_s,
    sealedSecret: row.sealed_secret,
    sealedPrivateKey: row.sealed_private_key,
    publicKey: row.public_key,
    previous:
      sealedSecret === null || untilMs === null
        ? null
        : { sealedSecret, sealedPrivateKey: row.previous_sealed_private_key, untilMs },
    createdAtMs: row.created_at_ms,
    pausedAtMs: row.paused_at_ms,
    goneAtMs: row.gone_at_ms,
    cursor: row.cursor,
    lastTry:
      row.last_try_at_ms === null
        ? null
        : { atMs: row.last_try_at_ms, isDelivered: row.last_try_delivered === 1, answer: row.last_answer ?? '' },
  };
}
