import { type Kysely, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { appendAuditEvent } from '../catalogue/identity-steps/audit.ts';
import type { Schema } from '../catalogue/schema.ts';
import { operatorName } from '../operator-name.ts';
import type { ArchiveHeader } from './archive-format.ts';

/** The name of a restore in the audit. */
const auditedName = 'restoreCatalogue';
/** The answer to a delivery that is given up, instead of its receiver's. */
const notSent = 'not sent: the catalogue was restored';

/**
 * Lets a restored catalogue continue in a world that has moved on since its backup:
 *
 * - All tokens end: some may have been revoked.
 * - Absences of backups count from the beginning, so that one listing after the restore marks nothing.
 * - Buckets are not taken for silent any more.
 * - Hooks are paused, and deliveries that wait are given up: their receivers may know better by now.
 * - The audit says who has restored what.
 */
export async function settleRestored(
  database: Kysely<Schema>,
  { id, created_at_ms: createdAtMs }: ArchiveHeader,
  nowMs: number,
): Promise<void> {
  await database.deleteFrom('tokens').execute();
  await database
    .updateTable('source_members')
    .set({ absent_runs: 0, absent_run_id: null })
    .where('held', '=', 0)
    .execute();
  await database.deleteFrom('bucket_outages').execute();
  await database.updateTable('hooks').set({ paused_at_ms: nowMs }).where('paused_at_ms', 'is', null).execute();
  await database
    .updateTable('hook_events')
    .set({ status: 'failed', not_before_ms: null, claimed_until_ms: null, last_answer: notSent })
    .where('status', '=', 'waiting')
    .execute();
  await appendAuditEvent(database, {
    ...{ id: uuidv7(), atMs: nowMs, projectId: '', actor: { kind: 'system', name: operatorName() } },
    ...{ operation: auditedName, door: 'cli', address: null, requestId: uuidv7(), outcome: 'done', errorCode: null },
    subjects: [
      { field: 'archive_id', value: id },
      { field: 'backed_up_at', value: new Date(createdAtMs).toISOString() },
    ],
  });
}

/** Numbers the events that nodes of a database had not numbered yet. Where one process writes, nobody else would. */
export async function numberPendingEvents(database: Kysely<Schema>): Promise<void> {
  await sql`insert into operation_events (project_id, cursor, operation_id, status, at_ms)
    select project_id,
      row_number() over (partition by project_id order by id)
        + coalesce((select max(noted.cursor) from operation_events as noted where noted.project_id = pending_events.project_id), 0),
      operation_id, status, at_ms
    from pending_events order by id`.execute(database);
  await database.deleteFrom('pending_events').execute();
}
