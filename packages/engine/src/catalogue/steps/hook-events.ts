import type { VerificationLevel } from '@backup-sync/contracts';
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
  ProvedHead,
} from '../hook-records.ts';
import type { HookEventRow } from '../hook-schema.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
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

/** Selects the newest proved backups of the resources of a project that are not retired. */
function headsOf(database: Kysely<Schema>, projectId: string, level: VerificationLevel) {
  return database
    .selectFrom('resource_heads as head')
    .innerJoin('resources', (join) =>
      join
        .onRef('resources.project_id', '=', 'head.project_id')
        .onRef('resources.source_id', '=', 'head.source_id')
        .onRef('resources.resource_id', '=', 'head.resource_id'),
    )
    .where('head.project_id', '=', projectId)
    .where('head.source_id', '=', '')
    .where('head.level', '=', level)
    .where('head.taken_at_ms', 'is not', null)
    .select(['head.resource_id', 'head.backup_id', 'head.taken_at_ms', 'resources.resource_name']);
}

/** Place in the order of the newest proved backups. */
type AfterHead = Pick<ProvedHead, 'takenAtMs' | 'resourceId'>;

/**
 * Returns resources whose newest proved backup is older than `beforeMs`, and that are not retired, from the oldest on
 * after a place. `next` is the place to continue after; null if there are no more.
 */
export async function overdueHeads(
  database: Kysely<Schema>,
  projectId: string,
  level: VerificationLevel,
  beforeMs: number,
  after: AfterHead | null,
  limit: number,
): Promise<{ readonly heads: readonly ProvedHead[]; readonly next: AfterHead | null }> {
  let overdue = headsOf(database, projectId, level).where('head.taken_at_ms', '<', beforeMs);
  if (after !== null) {
    overdue = overdue.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('head.taken_at_ms', 'head.resource_id'), '>', tuple(after.takenAtMs, after.resourceId)),
    );
  }
  const rows = await overdue
    .leftJoin('retired_resources as retired', (join) =>
      join.onRef('retired.project_id', '=', 'head.project_id').onRef('retired.resource_id', '=', 'head.resource_id'),
    )
    .select('retired.retired_at_ms')
    .orderBy('head.taken_at_ms')
    .orderBy('head.resource_id')
    .limit(limit)
    .execute();
  const last = rows.at(-1);
  return {
    heads: rows.filter((row) => row.retired_at_ms === null).map(rowToHead),
    next: rows.length < limit || last === undefined ? null : rowToHead(last),
  };
}

/**
 * Returns which of these resources are no longer overdue: retired, gone, or with a proved backup of `beforeMs` or newer.
 */
export async function caughtUp(
  database: Kysely<Schema>,
  projectId: string,
  level: VerificationLevel,
  beforeMs: number,
  resourceIds: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const some of chunks(resourceIds)) {
    const rows = await database
      .selectFrom('resources')
      .leftJoin('resource_heads as head', (join) =>
        join
          .onRef('head.project_id', '=', 'resources.project_id')
          .onRef('head.source_id', '=', 'resources.source_id')
          .onRef('head.resource_id', '=', 'resources.resource_id')
          .on('head.level', '=', level),
      )
      .leftJoin('retired_resources as retired', (join) =>
        join
          .onRef('retired.project_id', '=', 'resources.project_id')
          .onRef('retired.resource_id', '=', 'resources.resource_id'),
      )
      .where('resources.project_id', '=', projectId)
      .where('resources.source_id', '=', '')
      .where('resources.resource_id', 'in', some)
      .select(['resources.resource_id', 'head.taken_at_ms', 'retired.retired_at_ms'])
      .execute();
    const late = new Set(
      rows
        .filter((row) => row.retired_at_ms === null && (row.taken_at_ms === null || row.taken_at_ms < beforeMs))
        .map((row) => row.resource_id),
    );
    found.push(...some.filter((id) => !late.has(id)));
  }
  return found;
}

function rowToHead(row: {
  readonly resource_id: string;
  readonly resource_name: string;
  readonly backup_id: string | null;
  readonly taken_at_ms: number | null;
}): ProvedHead {
  return {
    resourceId: row.resource_id,
    resourceName: row.resource_name,
    backupId: row.backup_id,
    takenAtMs: row.taken_at_ms ?? 0,
  };
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

/** Makes a delivery wait again, or all that failed. Returns their number; null if there is no such hook. */
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
    messageId === null ? ofHook.where('status', '=', 'failed') : ofHook.where('message_id', '=', messageId);
  const { numUpdatedRows } = await chosen
    .set({ status: 'waiting', tries: 1, not_before_ms: null })
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
