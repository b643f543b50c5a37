import type { ExpressionBuilder, Kysely, Selectable } from 'kysely';
import { presentMs } from '../differences.ts';
import type {
  ClaimedHookEvent,
  HookDeliveryRecord,
  HookDeliveryStatus,
  HookRecord,
  HookTryEnd,
  OpenSubject,
  OperationEnd,
  OperationEnds,
} from '../hook-records.ts';
import type { HookEventRow } from '../hook-schema.ts';
import type { Schema } from '../schema.ts';
import { newestCursor } from './events.ts';
import { lockHook, rowToHook } from './hooks.ts';

/** How long a node may take to send an event before another one does, in milliseconds. */
const claimForMs = 60_000;
/** No try is planned further away than this, in milliseconds: a later time was planned before the clock was set back. */
const furthestMs = 48 * 60 * 60 * 1000;
/** Transitions of operations that are read at a time. */
const transitionsMax = 500;

const endedStatuses = ['success', 'failed', 'timeout'] as const;

/** Returns the operations of a project that ended in the transitions after a cursor, or `gone` if these are not kept. */
export async function operationEnds(
  database: Kysely<Schema>,
  projectId: string,
  after: number,
): Promise<OperationEnds | { readonly gone: true; readonly newest: number }> {
  const newest = await newestCursor(database, projectId);
  const ofProject = database.selectFrom('operation_events as event').where('event.project_id', '=', projectId);
  const oldest = await ofProject.select('event.cursor').orderBy('event.cursor').limit(1).executeTakeFirst();
  if (after > newest || (oldest !== undefined && after < oldest.cursor - 1)) return { gone: true, newest };
  const upTo = Math.min(newest, after + transitionsMax);
  if (upTo === after) return { ends: [], upTo, isFull: false };
  const rows = await ofProject
    .where('event.cursor', '>', after)
    .where('event.cursor', '<=', upTo)
    .where('event.status', 'in', endedStatuses)
    .innerJoin('operations', 'operations.id', 'event.operation_id')
    .leftJoin('sources', 'sources.id', 'operations.source_id')
    .leftJoin('backups', (join) =>
      join
        .onRef('backups.project_id', '=', 'operations.project_id')
        .onRef('backups.backup_id', '=', 'operations.backup_id'),
    )
    .select(['operations.id', 'operations.kind', 'operations.source_id', 'sources.name as source_name'])
    .select(['event.status', 'event.at_ms', 'operations.reason_code', 'operations.bucket_name'])
    .select(['operations.backup_id', 'operations.resource_id', 'operations.resource_name', 'operations.item'])
    .select('backups.backup_name')
    .orderBy('event.cursor')
    .execute();
  const ends = rows.flatMap((row): OperationEnd[] => {
    const { status } = row;
    if (status !== 'success' && status !== 'failed' && status !== 'timeout') return [];
    return [
      {
        id: row.id,
        kind: row.kind,
        sourceId: row.source_id,
        sourceName: row.source_name,
        status,
        reason: row.reason_code,
        bucketName: row.bucket_name,
        backupId: row.backup_id,
        // Of a backup that has no record, the name that the request gives.
        backupName: row.backup_name ?? (row.item === null ? null : JSON.parse(row.item).backup_name),
        resourceId: row.resource_id,
        resourceName: row.resource_name,
        atMs: row.at_ms,
      },
    ];
  });
  return { ends, upTo, isFull: upTo < newest };
}

/** Returns the subjects of a hook that have a problem. */
export async function openSubjects(database: Kysely<Schema>, hookId: string): Promise<readonly OpenSubject[]> {
  const rows = await database
    .selectFrom('hook_events')
    .where('hook_id', '=', hookId)
    .where('is_open', '=', 1)
    .select(['kind', 'subject', 'subject_name', 'seen_at_ms'])
    .execute();
  return rows.map((row) => ({ kind: row.kind, subject: subjectOf(row), seenAtMs: row.seen_at_ms }));
}

/** Returns the hooks that have events to be sent now. */
export async function hooksToSend(database: Kysely<Schema>, nowMs: number): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('hooks')
    .where('paused_at_ms', 'is', null)
    .where('gone_at_ms', 'is', null)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('hook_events')
          .whereRef('hook_events.hook_id', '=', 'hooks.id')
          .where('status', '=', 'waiting')
          .where(isDue(database, nowMs))
          .select('hook_id'),
      ),
    )
    .select('id')
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

function isDue(database: Kysely<Schema>, nowMs: number) {
  const now = presentMs(database, nowMs);
  return ({ eb, or, and }: ExpressionBuilder<Schema, 'hook_events'>) =>
    and([
      or([
        eb('not_before_ms', 'is', null),
        eb('not_before_ms', '<=', now),
        eb('not_before_ms', '>', eb(now, '+', furthestMs)),
      ]),
      or([
        eb('claimed_until_ms', 'is', null),
        eb('claimed_until_ms', '<=', now),
        eb('claimed_until_ms', '>', eb(now, '+', claimForMs)),
      ]),
    ]);
}

/** Claims the oldest events of a hook that are due; null if there are none. */
export async function claimHookEvents(
  database: Kysely<Schema>,
  hookId: string,
  limit: number,
  nowMs: number,
): Promise<{ readonly hook: HookRecord; readonly events: readonly ClaimedHookEvent[] } | null> {
  const hook = await lockHook(database, hookId);
  if (hook === undefined || hook.paused_at_ms !== null || hook.gone_at_ms !== null) return null;
  const rows = await database
    .selectFrom('hook_events')
    .where('hook_id', '=', hookId)
    .where('status', '=', 'waiting')
    .where(isDue(database, nowMs))
    .select(['message_id', 'kind', 'subject', 'body', 'tries'])
    .orderBy('changed_at_ms')
    .orderBy('message_id')
    .limit(limit)
    .execute();
  if (rows.length === 0) return null;
  await database
    .updateTable('hook_events')
    .set(({ eb }) => ({
      tries: eb('tries', '+', 1),
      claimed_until_ms: eb(presentMs(database, nowMs), '+', claimForMs),
      // It waits for no other try while it is being sent.
      not_before_ms: null,
    }))
    .where(
      'message_id',
      'in',
      rows.map((row) => row.message_id),
    )
    .execute();
  const events = rows.map((row) => ({
    messageId: row.message_id,
    kind: row.kind,
    subject: row.subject,
    body: row.body,
    tries: row.tries + 1,
  }));
  return { hook: rowToHook(hook), events };
}

/** Ends a try. If a newer event has replaced the one that was sent, that one may be sent now. */
export async function endHookTry(database: Kysely<Schema>, end: HookTryEnd): Promise<void> {
  if ((await lockHook(database, end.hookId)) === undefined) return;
  const { atMs, isDelivered, answer } = end.result;
  const ofSubject = database
    .updateTable('hook_events')
    .where('hook_id', '=', end.hookId)
    .where('kind', '=', end.kind)
    .where('subject', '=', end.subject);
  await ofSubject.set({ claimed_until_ms: null }).execute();
  const isKept = end.notBeforeMs !== null || end.isGone;
  await ofSubject
    .where('message_id', '=', end.messageId)
    .set({
      status: isDelivered ? 'delivered' : isKept ? 'waiting' : 'failed',
      not_before_ms: end.notBeforeMs,
      last_answer: answer,
    })
    .execute();
  await database
    .updateTable('hooks')
    .set({
      last_try_at_ms: atMs,
      last_try_delivered: isDelivered ? 1 : 0,
      last_answer: answer,
      ...(end.isGone && { gone_at_ms: atMs }),
    })
    .where('id', '=', end.hookId)
    .execute();
}

/** Makes a delivery due now, or all that failed or wait for another try. Returns their number; null if there is no such hook. */
export async function resendHookEvents(
  database: Kysely<Schema>,
  projectId: string,
  hookId: string,
  messageId: string | null,
): Promise<number | null> {
  const hook = await lockHook(database, hookId);
  if (hook?.project_id !== projectId) return null;
  const ofHook = database.updateTable('hook_events').where('hook_id', '=', hookId);
  const chosen =
    messageId === null
      ? ofHook.where(({ eb, or, and }) =>
          or([eb('status', '=', 'failed'), and([eb('status', '=', 'waiting'), eb('not_before_ms', 'is not', null)])]),
        )
      : ofHook.where('message_id', '=', messageId);
  const { numUpdatedRows } = await chosen
    // One that was never tried stays so: if its problem ends, nobody has heard of it.
    .set(({ eb }) => ({
      status: 'waiting',
      tries: eb.case().when('tries', '>', 1).then(1).else(eb.ref('tries')).end(),
      not_before_ms: null,
    }))
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** Returns the newest deliveries of a hook, newest first, and the number of all that match. */
export async function listHookEvents(
  database: Kysely<Schema>,
  hookId: string,
  status: HookDeliveryStatus | null,
  limit: number,
): Promise<{ readonly deliveries: readonly HookDeliveryRecord[]; readonly count: number }> {
  const ofHook = database.selectFrom('hook_events').where('hook_id', '=', hookId);
  const matching = status === null ? ofHook : ofHook.where('status', '=', status);
  const { count } = await matching.select(({ fn }) => fn.countAll().as('count')).executeTakeFirstOrThrow();
  const rows = await matching
    .selectAll()
    .orderBy('changed_at_ms', 'desc')
    .orderBy('message_id', 'desc')
    .limit(limit)
    .execute();
  return { deliveries: rows.map(rowToDelivery), count: Number(count) };
}

function rowToDelivery(row: Selectable<HookEventRow>): HookDeliveryRecord {
  return {
    messageId: row.message_id,
    subject: subjectOf(row),
    body: row.body,
    status: row.status,
    changedAtMs: row.changed_at_ms,
    tries: row.tries,
    notBeforeMs: row.not_before_ms,
    lastAnswer: row.last_answer,
  };
}

function subjectOf({ subject, subject_name: name }: Pick<HookEventRow, 'subject' | 'subject_name'>) {
  const [kind, id, operation_kind = null] = JSON.parse(subject);
  return { kind, id, name, operation_kind };
}
