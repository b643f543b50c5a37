import { hasEnded } from '@backup-sync/contracts';
import { type Kysely, type Selectable, sql } from 'kysely';
import { differencesOf } from '../differences.ts';
import type { EventPage, EventQuery } from '../event-records.ts';
import { fixedQuery } from '../fixed-query.ts';
import type { EndedOperation, OperationRecord } from '../operation-records.ts';
import { rowToOperation } from '../operation-rows.ts';
import type { OperationEventRow, OperationRow, Schema } from '../schema.ts';
import { chunks } from './chunk.ts';

/** Number of events kept for a project: about 60,000 imports, or 20 MB. */
const eventsKept = 200_000;

/** The cursors after the newest one of the operation's project, in the order in which operations were accepted. */
const nextCursor = sql<number>`row_number() over (partition by operations.project_id order by operations.sequence)
  + coalesce((select max(noted.cursor) from operation_events as noted where noted.project_id = operations.project_id), 0)`;

/** `ids` is a list, see `Differences`. */
const insertEvents = fixedQuery((database, { ids }: { ids: string }) =>
  database
    .insertInto('operation_events')
    .columns(['project_id', 'cursor', 'operation_id', 'status', 'at_ms'])
    .expression((eb) =>
      eb
        .selectFrom('operations')
        .select(['project_id', nextCursor.as('cursor'), 'id', 'status', 'updated_at_ms'])
        .where(({ ref }) => differencesOf(database).isAmong(ref('operations.id'), ids))
        .orderBy('sequence'),
    )
    .returning(['project_id', 'cursor']),
);

/**
 * Writes events that one node will number, see number-events.ts: transactions that overlap cannot number them without
 * gaps. Those of one operation are in order, because each transition waits for the one before. `ids` is a list, see
 * `Differences`.
 */
const insertPendingEvents = fixedQuery((database, { ids }: { ids: string }) => {
  const { isAmong, nowMs } = differencesOf(database);
  if (nowMs === null) throw new TypeError('only what several nodes write is numbered later');
  return database
    .insertInto('pending_events')
    .columns(['project_id', 'operation_id', 'status', 'at_ms', 'noted_at_ms'])
    .expression((eb) =>
      eb
        .selectFrom('operations')
        .select(['project_id', 'id', 'status', 'updated_at_ms', nowMs.as('noted_at_ms')])
        .where(({ ref }) => isAmong(ref('operations.id'), ids))
        .orderBy('sequence'),
    );
});

const endedOperations = fixedQuery((database, { ids }: { ids: readonly string[] }) =>
  database
    .selectFrom('operations')
    .where('id', 'in', ids)
    .select(['id', 'project_id', 'kind', 'parent_operation_id', 'status', 'source_id', 'reason_code']),
);

/**
 * Writes an event with the current status of each of these operations. Every step that changes operations does this
 * last.
 */
export async function noteTransitions(database: Kysely<Schema>, operationIds: readonly string[]): Promise<void> {
  if (operationIds.length === 0) return;
  const { asList, nowMs } = differencesOf(database);
  const ids = asList(operationIds);
  if (nowMs !== null) return void (await insertPendingEvents.all(database, { ids }));
  const newest = new Map<string, number>();
  for (const { project_id, cursor } of await insertEvents.all(database, { ids })) {
    newest.set(project_id, Math.max(cursor, newest.get(project_id) ?? 0));
  }
  await dropOldEvents(database, newest);
}

/** Deletes the events of these projects that are too far behind their newest cursors. */
export async function dropOldEvents(database: Kysely<Schema>, newest: ReadonlyMap<string, number>): Promise<void> {
  for (const [projectId, cursor] of newest) {
    if (cursor <= eventsKept) continue;
    const old = database.deleteFrom('operation_events').where('project_id', '=', projectId);
    await old.where('cursor', '<=', cursor - eventsKept).execute();
  }
}

/** Writes the events of operations that have just ended, and returns these operations. */
export async function noteEnds(
  database: Kysely<Schema>,
  operationIds: readonly string[],
): Promise<readonly EndedOperation[]> {
  await noteTransitions(database, operationIds);
  const ended: EndedOperation[] = [];
  for (const some of chunks(operationIds)) {
    const rows = await endedOperations.all(database, { ids: some });
    for (const { id, kind, status, ...row } of rows) {
      ended.push({
        id,
        kind,
        status,
        projectId: row.project_id,
        parentOperationId: row.parent_operation_id,
        sourceId: row.source_id,
        reasonCode: row.reason_code,
      });
    }
  }
  return ended;
}

export async function newestCursor(database: Kysely<Schema>, projectId: string): Promise<number> {
  const ofProject = database.selectFrom('operation_events').where('project_id', '=', projectId);
  const newest = await ofProject.select('cursor').orderBy('cursor', 'desc').limit(1).executeTakeFirst();
  return newest?.cursor ?? 0;
}

/** Returns a page of events. */
export async function listEvents(database: Kysely<Schema>, query: EventQuery): Promise<EventPage | 'gone'> {
  const newest = await newestCursor(database, query.projectId);
  const ofProject = database.selectFrom('operation_events').where('project_id', '=', query.projectId);
  const oldest = await ofProject.select('cursor').orderBy('cursor').limit(1).executeTakeFirst();
  if (query.after > newest || query.after < (oldest?.cursor ?? 1) - 1) return 'gone';

  let behind = ofProject.where('cursor', '>', query.after);
  if (query.operationId !== null) behind = behind.where('operation_id', '=', query.operationId);
  const rows = await behind.selectAll().orderBy('cursor').limit(query.limit).execute();
  const operations = await findOperations(database, rows);
  const events = rows.flatMap((row) => {
    const operation = operations.get(row.operation_id);
    return operation === undefined ? [] : [{ cursor: row.cursor, operation: asItWas(operation, row) }];
  });
  const isFull = rows.length === query.limit;
  return { events, isFull, upTo: isFull ? (rows.at(-1)?.cursor ?? newest) : newest };
}

async function findOperations(
  database: Kysely<Schema>,
  events: readonly Selectable<OperationEventRow>[],
): Promise<Map<string, Selectable<OperationRow>>> {
  const found = new Map<string, Selectable<OperationRow>>();
  for (const some of chunks([...new Set(events.map((event) => event.operation_id))])) {
    const rows = await database.selectFrom('operations').where('id', 'in', some).selectAll().execute();
    for (const row of rows) found.set(row.id, row);
  }
  return found;
}

/**
 * The operation as it was after the transition. It leaves out the end of the operation, unless that was the transition.
 */
function asItWas(row: Selectable<OperationRow>, event: Selectable<OperationEventRow>): OperationRecord {
  const then = hasEnded(event.status)
    ? row
    : {
        ...row,
        status: event.status,
        started_at_ms: event.status === 'waiting' ? null : (row.started_at_ms ?? event.at_ms),
        updated_at_ms: event.at_ms,
        listed_at_ms: null,
        ended_at_ms: null,
        outcome: null,
        message: '',
        reason_code: null,
        reason_detail: '',
        level: null,
        incremental: null,
        result: null,
        list_requests: null,
        get_requests: null,
        bytes_read: null,
      };
  return rowToOperation(then);
}
