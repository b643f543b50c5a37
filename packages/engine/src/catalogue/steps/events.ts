import { hasEnded } from '@backup-sync/contracts';
import type { Kysely, Selectable } from 'kysely';
import type { EventPage, EventQuery } from '../event-port.ts';
import type { LoggedOperation } from '../port.ts';
import type { OperationEventRow, OperationRow, Schema } from '../schema.ts';
import { rowToLogged } from '../task-rows.ts';
import { chunks } from './chunk.ts';

/** Events that are kept: those of the last 60,000 imports or so, some 20 MB. */
const eventsKept = 200_000;

/** Writes down that these operations have just become what they are now; each step that changes one ends with it. */
export async function noteTransitions(database: Kysely<Schema>, operationIds: readonly string[]): Promise<void> {
  if (operationIds.length === 0) return;
  for (const some of chunks(operationIds)) {
    await database
      .insertInto('operation_events')
      .columns(['project_id', 'operation_id', 'status', 'at_ms'])
      .expression((eb) =>
        eb
          .selectFrom('operations')
          .select(['project_id', 'id', 'status', 'updated_at_ms'])
          .where('id', 'in', some)
          .orderBy('sequence'),
      )
      .execute();
  }
  const oldestKept = (await newestCursor(database)) - eventsKept;
  if (oldestKept > 0) await database.deleteFrom('operation_events').where('cursor', '<=', oldestKept).execute();
}

export async function newestCursor(database: Kysely<Schema>): Promise<number> {
  const newest = await database
    .selectFrom('operation_events')
    .select('cursor')
    .orderBy('cursor', 'desc')
    .limit(1)
    .executeTakeFirst();
  return newest?.cursor ?? 0;
}

/** A page of events; see {@link EventStore.listEvents}. */
export async function listEvents(database: Kysely<Schema>, query: EventQuery): Promise<EventPage | 'gone'> {
  const newest = await newestCursor(database);
  const oldest = await database
    .selectFrom('operation_events')
    .select('cursor')
    .orderBy('cursor')
    .limit(1)
    .executeTakeFirst();
  if (query.after > newest || query.after < (oldest?.cursor ?? 1) - 1) return 'gone';

  let behind = database
    .selectFrom('operation_events')
    .where('cursor', '>', query.after)
    .where('project_id', '=', query.projectId);
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

/** The operation after the transition: nothing of its end, unless that was the transition. */
function asItWas(row: Selectable<OperationRow>, event: Selectable<OperationEventRow>): LoggedOperation {
  const then = hasEnded(event.status)
    ? row
    : {
        ...row,
        status: event.status,
        started_at_ms: event.status === 'waiting' ? null : (row.started_at_ms ?? event.at_ms),
        updated_at_ms: event.at_ms,
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
  return rowToLogged(then);
}
