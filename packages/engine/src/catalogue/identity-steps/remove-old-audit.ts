import type { Kysely } from 'kysely';
import type { Removed } from '../retention-records.ts';
import type { Schema } from '../schema.ts';

/** Events that one step looks at. */
const pageRows = 500;

/** Removes old events of the audit, in the order of their ids, after the id `after`. */
export async function removeOldAuditEvents(
  database: Kysely<Schema>,
  { beforeMs, after }: { readonly beforeMs: number; readonly after: string },
): Promise<Removed<string>> {
  const page = await database
    .selectFrom('audit_events')
    .where('id', '>', after)
    .select(['id', 'at_ms'])
    .orderBy('id')
    .limit(pageRows)
    .execute();
  const old = page.filter((row) => row.at_ms < beforeMs).map(({ id }) => id);
  if (old.length > 0) {
    await database.deleteFrom('audit_subjects').where('event_id', 'in', old).execute();
    await database.deleteFrom('audit_events').where('id', 'in', old).execute();
  }
  // Ids begin with the time, so the pages after one without old events have none.
  const next = page.length === pageRows && old.length > 0 ? (page.at(-1)?.id ?? null) : null;
  return { auditEvents: old.length, next };
}
