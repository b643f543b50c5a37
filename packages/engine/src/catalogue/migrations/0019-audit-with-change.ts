import { type Kysely, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';

/** The JSON of an intent, as releases up to schema 18 wrote it. */
type Intent = {
  readonly projectId: string;
  readonly actor: { readonly kind: string; readonly name: string };
  readonly operation: string;
  readonly subjects: readonly { readonly field: string; readonly value: string }[];
  readonly door: string;
  readonly address: string | null;
  readonly requestId: string;
  readonly atMs: number;
};

/**
 * Events are now written with the changes they describe, so a call is no longer noted before it is done. A call that
 * was under way when an older release was killed may have been done or not. It becomes an event that says so.
 */
export async function up(database: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ call: string }>`select call from audit_intents order by id`.execute(database);
  for (const { call } of rows) {
    const intent = JSON.parse(call) as Intent;
    const { projectId, actor, operation, subjects, door, address, requestId, atMs } = intent;
    // A new id, so that readers that continue from their last event find it.
    const id = uuidv7();
    await sql`insert into audit_events (
        id, at_ms, project_id, actor_kind, actor_name, operation, door, address, outcome, error_code, request_id
      ) values (
        ${id}, ${atMs}, ${projectId}, ${actor.kind}, ${actor.name}, ${operation}, ${door}, ${address}, 'interrupted', null,
        ${requestId}
      )`.execute(database);
    for (const [position, { field, value }] of subjects.entries()) {
      await sql`insert into audit_subjects (event_id, position, field, value)
        values (${id}, ${position}, ${field}, ${value})`.execute(database);
    }
  }
  await database.schema.dropTable('audit_intents').execute();
}
