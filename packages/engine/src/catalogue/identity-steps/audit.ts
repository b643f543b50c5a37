import type { AuditFilter } from '@backup-sync/contracts';
import type { Insertable, Kysely } from 'kysely';
import type { AuditRecord } from '../audit-records.ts';
import { differencesOf } from '../differences.ts';
import { fixedQuery } from '../fixed-query.ts';
import type { Schema } from '../schema.ts';
import { keptCount } from '../steps/row-counts.ts';

const insertEvent = fixedQuery((database, { row }: { row: Insertable<Schema['audit_events']> }) =>
  database.insertInto('audit_events').values(row),
);

export async function appendAuditEvent(database: Kysely<Schema>, event: AuditRecord): Promise<void> {
  await insertEvent.all(database, {
    row: {
      id: event.id,
      at_ms: event.atMs,
      project_id: event.projectId,
      actor_kind: event.actor.kind,
      actor_name: event.actor.name,
      operation: event.operation,
      door: event.door,
      address: event.address,
      outcome: event.outcome,
      error_code: event.errorCode,
      request_id: event.requestId,
    },
  });
  const subjects = event.subjects.map((subject, position) => ({ event_id: event.id, position, ...subject }));
  await differencesOf(database).insertRows(database, 'audit_subjects', subjects);
}

export async function listAuditEvents(
  database: Kysely<Schema>,
  filter: AuditFilter,
): Promise<{ readonly events: readonly AuditRecord[]; readonly count: number }> {
  const { actor_name, operation, subject, outcome, start_time, end_time, marker, limit } = filter;
  let matching = database.selectFrom('audit_events');
  if (actor_name !== undefined) matching = matching.where('actor_name', '=', actor_name);
  if (operation !== undefined) matching = matching.where('operation', '=', operation);
  if (outcome !== undefined) matching = matching.where('outcome', '=', outcome);
  if (start_time !== undefined) matching = matching.where('at_ms', '>=', start_time);
  if (end_time !== undefined) matching = matching.where('at_ms', '<=', end_time);
  if (subject !== undefined) {
    const about = database.selectFrom('audit_subjects').where('value', '=', subject).select('event_id');
    matching = matching.where('id', 'in', about);
  }
  const isFiltered = [actor_name, operation, subject, outcome, start_time, end_time].some((each) => each !== undefined);
  const count = isFiltered
    ? (await matching.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow()).count
    : await keptCount(database, '', { subjects: ['audit_event'], parts: null });
  const page = marker === undefined ? matching : matching.where('id', '<', marker);
  const rows = await page.selectAll().orderBy('id', 'desc').limit(limit).execute();
  const ids = rows.map(({ id }) => id);
  // SQLite accepts an empty `in` list; other databases do not.
  const subjects =
    ids.length === 0
      ? []
      : await database
          .selectFrom('audit_subjects')
          .where('event_id', 'in', ids)
          .selectAll()
          .orderBy('position')
          .execute();
  const ofEvent = Map.groupBy(subjects, (row) => row.event_id);
  const events = rows.map((row) => ({
    id: row.id,
    atMs: row.at_ms,
    projectId: row.project_id,
    actor: { kind: row.actor_kind, name: row.actor_name },
    operation: row.operation,
    subjects: (ofEvent.get(row.id) ?? []).map(({ field, value }) => ({ field, value })),
    door: row.door,
    address: row.address,
    outcome: row.outcome,
    errorCode: row.error_code,
    requestId: row.request_id,
  }));
  return { events, count: Number(count) };
}
