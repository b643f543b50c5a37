import { type HookEventKind, type HookSubject, hookSubjectsMax, resolvedSuffix } from '@backup-sync/contracts';
import type { ExpressionBuilder, Kysely, Selectable } from 'kysely';
import { differencesOf } from '../differences.ts';
import type { HookSighting, HookSightings } from '../hook-records.ts';
import type { HookEventRow } from '../hook-schema.ts';
import type { Schema } from '../schema.ts';
import { chunks } from './chunk.ts';
import { lockHook } from './hooks.ts';

/** Most problems that last are stored again only if they were last stored this long ago, in milliseconds. */
const seenAgainAfterMs = 24 * 60 * 60 * 1000;

type Event = Selectable<HookEventRow>;
type OpenSighting = HookSighting & { readonly isOpen: true };
type OverSighting = HookSighting & { readonly isOpen: false };
type OfHook = { readonly id: string; readonly project_id: string };

/**
 * Compares what a hook sees with the problems that it knows of, and stores an event for each that began or is over. An
 * event replaces the one before about the same subject. Returns `stale` if others have noted these events of operations
 * already, and `not_found` if there is no such hook.
 */
export async function noteProblems(
  database: Kysely<Schema>,
  { hookId, sightings, cursors, forgetBeforeMs }: HookSightings,
): Promise<'noted' | 'stale' | 'not_found'> {
  const hook = await lockHook(database, hookId);
  if (hook === undefined) return 'not_found';
  if (cursors !== null) {
    if (hook.cursor !== cursors.from) return 'stale';
    await database.updateTable('hooks').set({ cursor: cursors.to }).where('id', '=', hookId).execute();
  }
  if (sightings.length > 0) {
    const known = await readKnown(database, hook, sightings);
    const noted = new Noting(hook, known);
    for (const sighting of sightings) {
      if (sighting.isOpen) noted.open(sighting);
      else noted.resolve(sighting);
    }
    await write(database, hookId, known.events, noted.events);
  }
  if (forgetBeforeMs !== null) {
    await database
      .deleteFrom('hook_events')
      .where('hook_id', '=', hookId)
      .where('status', 'in', ['delivered', 'failed'])
      .where('changed_at_ms', '<', forgetBeforeMs)
      .where('is_open', '=', 0)
      .execute();
  }
  return 'noted';
}

/** What is stored about the subjects of sightings, and how many subjects have a problem of each kind. */
type Known = { readonly events: ReadonlyMap<string, Event>; readonly openCounts: ReadonlyMap<HookEventKind, number> };

async function readKnown(database: Kysely<Schema>, hook: OfHook, sightings: readonly HookSighting[]): Promise<Known> {
  const events = new Map<string, Event>();
  const openCounts = new Map<HookEventKind, number>();
  for (const kind of new Set(sightings.map((sighting) => sighting.kind))) {
    const ofKind = database.selectFrom('hook_events').where('hook_id', '=', hook.id).where('kind', '=', kind);
    const subjects = sightings.filter((sighting) => sighting.kind === kind).map(({ subject }) => subjectKey(subject));
    for (const some of chunks([...new Set([...subjects, subjectKey(othersOf(hook))])])) {
      const rows = await ofKind.where('subject', 'in', some).selectAll().execute();
      for (const row of rows) events.set(keyOf(kind, row.subject), row);
    }
    const open = ofKind.where('is_open', '=', 1).select(({ fn }) => fn.countAll().as('count'));
    openCounts.set(kind, Number((await open.executeTakeFirstOrThrow()).count));
  }
  return { events, openCounts };
}

async function write(
  database: Kysely<Schema>,
  hookId: string,
  before: ReadonlyMap<string, Event>,
  after: ReadonlyMap<string, Event | null>,
): Promise<void> {
  const added: Event[] = [];
  for (const [key, event] of after) {
    const known = before.get(key);
    if (known === undefined) {
      if (event !== null) added.push(event);
      continue;
    }
    const { hook_id: _, kind, subject, ...columns } = event ?? known;
    const isSubject = ({ eb, and }: ExpressionBuilder<Schema, 'hook_events'>) =>
      and([eb('hook_id', '=', hookId), eb('kind', '=', kind), eb('subject', '=', subject)]);
    if (event === null) await database.deleteFrom('hook_events').where(isSubject).execute();
    else await database.updateTable('hook_events').set(columns).where(isSubject).execute();
  }
  if (added.length > 0) await differencesOf(database).insertRows(database, 'hook_events', added);
}

/** Applies sightings to what is known, in memory. */
class Noting {
  readonly #hook: OfHook;
  readonly #known: ReadonlyMap<string, Event>;
  readonly #openCounts: Map<HookEventKind, number>;
  /** What has changed; null if it is removed. */
  readonly events = new Map<string, Event | null>();

  constructor(hook: OfHook, { events, openCounts }: Known) {
    this.#hook = hook;
    this.#known = events;
    this.#openCounts = new Map(openCounts);
  }

  open(sighting: OpenSighting): void {
    const { kind, subject, atMs, details } = sighting;
    const own = this.#find(sighting);
    if (own?.is_open === 1) {
      // Whether a backup is proved again depends on when its verification last failed.
      const isNoted = kind === 'verification.failed' || atMs - own.seen_at_ms > seenAgainAfterMs;
      if (isNoted) this.#set(sighting, { ...own, seen_at_ms: atMs });
      return;
    }
    if (subject.kind !== 'project' && this.#count(kind, 0) >= hookSubjectsMax) {
      this.open(this.#ofOthers(sighting));
      return;
    }
    this.#count(kind, 1);
    const data = { project_id: this.#hook.project_id, subject, since: isoTime(atMs), ...details };
    const key = { hook_id: this.#hook.id, kind, subject: subjectKey(subject), subject_name: subject.name };
    this.#set(sighting, {
      ...key,
      ...eventOf(kind, sighting, data),
      is_open: 1,
      since_ms: atMs,
      claimed_until_ms: own?.claimed_until_ms ?? null,
    });
  }

  resolve(sighting: OverSighting): void {
    const { kind, subject, isForgotten = false } = sighting;
    const own = this.#find(sighting);
    if (own?.is_open !== 1) return;
    const left = this.#count(kind, -1);
    const isUnheard = own.status === 'waiting' && own.tries === 0;
    if (isForgotten || isUnheard) this.#set(sighting, null);
    else {
      const named = { ...subject, name: subject.name ?? own.subject_name };
      const data = { project_id: this.#hook.project_id, subject: named, since: isoTime(own.since_ms) };
      this.#set(sighting, { ...own, ...eventOf(`${kind}${resolvedSuffix}`, sighting, data), is_open: 0 });
    }
    // The event of the others does not say for which subjects it stands, so it ends when no subject has a problem.
    if (subject.kind !== 'project' && left === 1) this.resolve(this.#ofOthers(sighting));
  }

  /** The same about all subjects of the project that have no event of their own. */
  #ofOthers<Of extends HookSighting>(sighting: Of): Of {
    return { ...sighting, subject: othersOf(this.#hook), messageId: `${sighting.messageId}.others` };
  }

  #find({ kind, subject }: HookSighting): Event | null {
    const key = keyOf(kind, subjectKey(subject));
    const changed = this.events.get(key);
    return changed === undefined ? (this.#known.get(key) ?? null) : changed;
  }

  #set({ kind, subject }: HookSighting, event: Event | null): void {
    this.events.set(keyOf(kind, subjectKey(subject)), event);
  }

  /** Adds to the number of subjects that have a problem of this kind, and returns it. */
  #count(kind: HookEventKind, added: number): number {
    const count = (this.#openCounts.get(kind) ?? 0) + added;
    this.#openCounts.set(kind, count);
    return count;
  }
}

function othersOf({ project_id: id }: OfHook): HookSubject {
  return { kind: 'project', id, name: null, operation_kind: null };
}

function subjectKey({ kind, id, operation_kind }: HookSubject): string {
  return JSON.stringify(operation_kind === null ? [kind, id] : [kind, id, operation_kind]);
}

function keyOf(kind: HookEventKind, subject: string): string {
  return `${kind} ${subject}`;
}

/** The columns of a new event that waits for its delivery. */
function eventOf(type: string, { atMs, messageId }: HookSighting, data: object) {
  return {
    seen_at_ms: atMs,
    changed_at_ms: atMs,
    message_id: messageId,
    body: JSON.stringify({ type, timestamp: isoTime(atMs), data }),
    status: 'waiting',
    tries: 0,
    not_before_ms: null,
    last_answer: null,
  } as const;
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
