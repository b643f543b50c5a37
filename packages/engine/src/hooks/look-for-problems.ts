import { type HookEventKind, hookSubjectsMax } from '@backup-sync/contracts';
import type { HookRecord, HookSighting, OpenSubject } from '../catalogue/hook-records.ts';
import type { SourceRecord } from '../catalogue/source-records.ts';
import type { Services } from '../services.ts';
import { problemKey } from './sightings-of-ends.ts';

/** Resources that are read at a time. */
const pageSize = 1_000;

const dayMs = 24 * 60 * 60 * 1000;
/** A failed operation that neither repeated nor was followed by a success for so long is forgotten, in milliseconds. */
const failureLastsMs = 30 * dayMs;
/** How long a delivered or failed event is listed once its problem is over, in milliseconds. */
const listedForMs = 30 * dayMs;

type Looking = {
  readonly services: { readonly catalogue: Services['catalogue']; readonly world: Pick<Services['world'], 'newId'> };
  readonly hook: HookRecord;
  readonly nowMs: number;
  readonly open: readonly OpenSubject[];
};

/**
 * Looks for the problems that no operation tells of: those that begin because time passes, and held sources. `forgets`:
 * also remove old events.
 */
export async function lookForProblems(
  services: Looking['services'],
  hook: HookRecord,
  { nowMs, forgets }: { readonly nowMs: number; readonly forgets: boolean },
): Promise<void> {
  const { catalogue } = services;
  const looking: Looking = { services, hook, nowMs, open: await catalogue.hooks.openSubjects(hook.id) };
  const sources = await catalogue.sources.listSources(hook.projectId);
  const note = (sightings: readonly HookSighting[], forgetBeforeMs: number | null) =>
    catalogue.hooks.noteProblems({ hookId: hook.id, sightings, cursors: null, forgetBeforeMs });
  const sightings = [
    ...lookAtSources(looking, sources),
    ...(await resourcesCaughtUp(looking)),
    ...(await backupsProvedAgain(looking)),
    ...forgottenProblems(looking),
  ];
  if (sightings.length > 0 || forgets) await note(sightings, forgets ? nowMs - listedForMs : null);
  for await (const page of overdueResources(looking)) await note(page, null);
}

function isWanted({ events, newestOlderThanS, sourceOlderThanS }: HookRecord, kind: HookEventKind): boolean {
  if (kind === 'backup.overdue' && newestOlderThanS === null) return false;
  if (kind === 'source.overdue' && sourceOlderThanS === null) return false;
  return events.includes(kind);
}

function lookAtSources({ services, hook, nowMs, open }: Looking, sources: readonly SourceRecord[]): HookSighting[] {
  const found = new Map<string, HookSighting>();
  const see = (sighting: HookSighting) => {
    if (isWanted(hook, sighting.kind)) found.set(problemKey(sighting), sighting);
  };
  const isOpen = new Set(open.map(problemKey));
  for (const source of sources) {
    const seen = {
      subject: { kind: 'source', id: source.id, name: source.name, operation_kind: null },
      atMs: nowMs,
      messageId: services.world.newId(),
    } as const;
    if (source.heldAtMs !== null && source.heldCause !== null) {
      const details = { cause: source.heldCause, operation_id: source.heldRunId };
      see({ ...seen, kind: 'source.held', isOpen: true, details });
    }
    const { sourceOlderThanS: limitS } = hook;
    const lastMs = source.lastGoodSyncAtMs ?? source.createdAtMs;
    // Nobody expects runs of a paused source. One without an interval is expected to be run by somebody else.
    if (limitS !== null && source.pausedAtMs === null && nowMs - lastMs > limitS * 1000) {
      const last = source.lastGoodSyncAtMs === null ? null : new Date(source.lastGoodSyncAtMs).toISOString();
      const details = { older_than_s: limitS, last_good_sync_at: last };
      see({ ...seen, messageId: services.world.newId(), kind: 'source.overdue', isOpen: true, details });
    }
  }
  const over = open.filter(
    ({ kind, subject }) =>
      (kind === 'source.held' || kind === 'source.overdue') &&
      isWanted(hook, kind) &&
      subject.kind === 'source' &&
      !found.has(problemKey({ kind, subject })),
  );
  const begun = [...found.values()].filter((sighting) => !isOpen.has(problemKey(sighting)));
  return [...over.map((problem) => overNow(services, problem, nowMs)), ...begun];
}

/** The resources that were overdue and are not any more. */
async function resourcesCaughtUp({ services, hook, nowMs, open }: Looking): Promise<HookSighting[]> {
  const late = open.filter(({ kind, subject }) => kind === 'backup.overdue' && subject.kind === 'resource');
  const { newestOlderThanS: limitS } = hook;
  if (late.length === 0 || limitS === null || !isWanted(hook, 'backup.overdue')) return [];
  const ids = late.map(({ subject }) => subject.id);
  const beforeMs = nowMs - limitS * 1000;
  const over = new Set(await services.catalogue.hooks.caughtUp(hook.projectId, hook.level, beforeMs, ids));
  return late.filter(({ subject }) => over.has(subject.id)).map((problem) => overNow(services, problem, nowMs));
}

/** The backups whose verifications failed and that were proved since then by imports, or are no longer recorded. */
async function backupsProvedAgain({ services, hook, nowMs, open }: Looking): Promise<HookSighting[]> {
  const failed = open.filter(({ kind, subject }) => kind === 'verification.failed' && subject.kind === 'backup');
  if (failed.length === 0 || !isWanted(hook, 'verification.failed')) return [];
  const failures = failed.map(({ subject, seenAtMs }) => ({ backupId: subject.id, failedAtMs: seenAtMs }));
  const over = new Set(await services.catalogue.hooks.provedAgain(hook.projectId, failures));
  return failed.filter(({ subject }) => over.has(subject.id)).map((problem) => overNow(services, problem, nowMs));
}

/** The resources that are overdue and were not before, in pages. */
async function* overdueResources({ services, hook, nowMs, open }: Looking): AsyncGenerator<readonly HookSighting[]> {
  const { newestOlderThanS: limitS } = hook;
  if (limitS === null || !isWanted(hook, 'backup.overdue')) return;
  const { hooks } = services.catalogue;
  const isOpen = new Set(open.map(problemKey));
  const beforeMs = nowMs - limitS * 1000;
  const ofKind = open.filter(({ kind }) => kind === 'backup.overdue');
  // One more than have an event of their own: it stands for all others.
  let room = hookSubjectsMax + 1 - ofKind.length;
  let after: Awaited<ReturnType<typeof hooks.overdueHeads>>['next'] = null;
  do {
    const page: Awaited<ReturnType<typeof hooks.overdueHeads>> = await hooks.overdueHeads(
      ...([hook.projectId, hook.level, beforeMs, after, pageSize] as const),
    );
    const sightings = page.heads.map(
      (head): HookSighting => ({
        kind: 'backup.overdue',
        isOpen: true,
        subject: { kind: 'resource', id: head.resourceId, name: head.resourceName, operation_kind: null },
        atMs: nowMs,
        messageId: services.world.newId(),
        details: {
          level: hook.level,
          older_than_s: limitS,
          newest_proved_at: new Date(head.takenAtMs).toISOString(),
          newest_proved_backup_id: head.backupId,
        },
      }),
    );
    const begun = sightings.filter((sighting) => !isOpen.has(problemKey(sighting)));
    if (begun.length > 0 && room > 0) yield begun.slice(0, room);
    room -= begun.length;
    after = page.next;
  } while (after !== null && room > 0);
}

/**
 * Problems of kinds that the hook tells of no longer, and failures that nothing has followed for very long. None of them
 * is known to be over.
 */
function forgottenProblems({ services, hook, nowMs, open }: Looking): HookSighting[] {
  const isForgotten = ({ kind, subject, seenAtMs }: OpenSubject) =>
    !isWanted(hook, kind) ||
    (kind === 'operation.failed' && subject.kind !== 'project' && nowMs - seenAtMs > failureLastsMs);
  return open
    .filter(isForgotten)
    .map((problem) => ({ ...overNow(services, problem, nowMs), isOpen: false, isForgotten: true }));
}

function overNow({ world }: Looking['services'], { kind, subject }: OpenSubject, nowMs: number): HookSighting {
  return { kind, subject, isOpen: false, atMs: nowMs, messageId: world.newId() };
}
