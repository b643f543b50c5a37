import { counted } from '@backup-sync/contracts';
import type { OperationPlace, Removed } from '../catalogue/retention-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { Services, Work, World } from '../services.ts';
import type { Sleep } from '../storage/bucket-budget.ts';

/** How long rows are kept after they stop changing, in milliseconds, or `forever`. */
export type Retention = {
  /** Operations that have ended, and their events (default: 90 days). They explain what happened lately. */
  readonly operationsMs?: number | 'forever' | undefined;
  /** Findings of scans and plans that have ended, with their scan or plan (default: 90 days). There can be very many. */
  readonly findingsMs?: number | 'forever' | undefined;
  /** Verifications that newer ones have replaced (default: forever). They are evidence. */
  readonly verificationsMs?: number | 'forever' | undefined;
  /** Events of the audit (default: forever). They are evidence. */
  readonly auditMs?: number | 'forever' | undefined;
};

const defaultMs = 90 * 24 * 60 * 60 * 1000;

/** The pause after a step, as a multiple of its duration: the writer of the catalogue is free for most of the time. */
const pauseShare = 3;
const shortestPauseMs = 5;

type Counts = Record<keyof Omit<Removed<unknown>, 'next'>, number>;

/** What a removal uses. */
type RemovalServices = {
  readonly catalogue: Pick<Services['catalogue'], 'retention' | 'audit'>;
  readonly world: Pick<World, 'clock' | 'newId' | 'log'>;
  readonly work: Pick<Work, 'acceptance' | 'storedTimes'>;
};

/** The name of a removal in the audit. */
const auditedName = 'removeOldRecords';

export type RemovalOptions = {
  readonly retention: Retention;
  readonly signal: AbortSignal;
  readonly sleep: Sleep;
};

/**
 * Removes everything that is older than it has to be kept and that nothing needs, in small steps, and gives the space
 * back. Acceptance of calls and other work run in between. What an interrupted removal leaves, the next one removes.
 *
 * Writes one event to the audit, if anything was removed. Throws catalogue errors, and the reason of the signal.
 */
export async function removeOldRecords(services: RemovalServices, options: RemovalOptions): Promise<Counts> {
  const { retention } = options;
  const counts: Counts = { operations: 0, findings: 0, events: 0, verifications: 0, auditEvents: 0 };
  try {
    await removeOperations(services, options, counts);
    const nowMs = await services.work.storedTimes.nowMs();
    const { removeOldVerifications, removeOldAuditEvents } = services.catalogue.retention;
    const { verificationsMs = 'forever', auditMs = 'forever' } = retention;
    if (verificationsMs !== 'forever') {
      const beforeMs = nowMs - verificationsMs;
      await inSteps<string>(services, options, counts, (after) =>
        removeOldVerifications({ beforeMs, after: after ?? '' }),
      );
    }
    if (auditMs !== 'forever') {
      const beforeMs = nowMs - auditMs;
      await inSteps<string>(services, options, counts, (after) =>
        removeOldAuditEvents({ beforeMs, after: after ?? '' }),
      );
    }
  } finally {
    // Also what an interrupted removal has removed.
    if (hasRemoved(counts)) await record(services, counts);
  }
  if (hasRemoved(counts)) {
    services.world.log('records.removed', `Removed what was kept for long enough: ${inWords(counts)}.`, {});
  }
  let pages = Number.POSITIVE_INFINITY;
  await inSteps<true>(services, options, counts, async () => {
    const left = await services.catalogue.retention.releaseFreeSpace();
    // The last ones may be in use again.
    const isDone = left === 0 || left >= pages;
    pages = left;
    return { next: isDone ? null : true };
  });
  return counts;
}

async function removeOperations(services: RemovalServices, options: RemovalOptions, counts: Counts): Promise<void> {
  const { retention } = services.catalogue;
  const { operationsMs = defaultMs, findingsMs = defaultMs } = options.retention;
  const nowMs = await services.work.storedTimes.nowMs();
  const beforeMs = (keptMs: number | 'forever') => (keptMs === 'forever' ? null : nowMs - keptMs);
  const old = { operationsBeforeMs: beforeMs(operationsMs), findingsBeforeMs: beforeMs(findingsMs), nowMs };
  if (operationsMs === 'forever' && findingsMs === 'forever') return;
  for (const projectId of await retention.listProjectsWithOperations()) {
    await inSteps<OperationPlace>(services, options, counts, (before) =>
      retention.removeOldOperations({ ...old, projectId, before }),
    );
    if (old.operationsBeforeMs === null) continue;
    const events = { projectId, beforeMs: old.operationsBeforeMs };
    await inSteps<true>(services, options, counts, () => retention.removeOldEvents(events));
  }
}

/** Takes one step after another, until one says that nothing is left. Pauses after each. */
async function inSteps<Place>(
  { work: { acceptance }, world: { clock } }: RemovalServices,
  { signal, sleep }: RemovalOptions,
  counts: Counts,
  /** Continues at this place; null: begins. */
  step: (at: Place | null) => Promise<Removed<Place>>,
): Promise<void> {
  let at: Place | null = null;
  do {
    signal.throwIfAborted();
    await acceptance.turn('mass');
    const beganAtMs = clock.monotonicMs();
    const { next, ...removed }: Removed<Place> = await step(at);
    const tookMs = clock.monotonicMs() - beganAtMs;
    for (const [name, count] of Object.entries(removed)) counts[name as keyof Counts] += count;
    at = next;
    if (at !== null) await sleep(Math.max(shortestPauseMs, pauseShare * tookMs), signal);
  } while (at !== null);
}

function hasRemoved(counts: Counts): boolean {
  return Object.values(counts).some((count) => count > 0);
}

async function record({ catalogue, world: { clock, newId } }: RemovalServices, counts: Counts): Promise<void> {
  await catalogue.audit.appendAuditEvent({
    id: newId(),
    atMs: clock.nowMs(),
    projectId: '',
    actor: { kind: 'system', name: 'retention' },
    operation: auditedName,
    subjects: Object.entries(counts).flatMap(([field, count]) =>
      count === 0 ? [] : [{ field: field === 'auditEvents' ? 'audit_events' : field, value: String(count) }],
    ),
    door: 'engine',
    address: null,
    requestId: newId(),
    outcome: 'done',
    errorCode: null,
  });
}

function inWords({ operations, findings, events, verifications, auditEvents }: Counts): string {
  const parts: readonly (readonly [number, string])[] = [
    [operations, 'operation'],
    [findings, 'finding'],
    [events, 'transition'],
    [verifications, 'verification'],
    [auditEvents, 'audit event'],
  ];
  return parts.flatMap(([count, name]) => (count === 0 ? [] : [counted(count, name)])).join(', ');
}

/** Time from the start of a process to its first removal: after a restart, other work comes first. */
const firstAfterMs = 60_000;
const everyMs = 60 * 60 * 1000;

export type RecordKeeperOptions = Omit<RemovalOptions, 'signal'> & {
  /** Whether this process is the one to remove records now. Another may have to. */
  readonly mayRemove: () => Promise<boolean>;
  readonly onFault: (error: unknown) => void;
};

/** Removes old records every hour, in one process of those that share a catalogue. */
export class RecordKeeper implements AsyncDisposable {
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;

  constructor(services: RemovalServices, options: RecordKeeperOptions) {
    this.#loop = this.#run(services, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the process is stopping'));
    await this.#loop;
  }

  async #run(services: RemovalServices, options: RecordKeeperOptions): Promise<void> {
    const { signal } = this.#stopping;
    const pause = (ms: number) => options.sleep(ms, signal).catch(() => {});
    await pause(firstAfterMs);
    while (!signal.aborted) {
      try {
        if (await options.mayRemove()) await removeOldRecords(services, { ...options, signal });
      } catch (error) {
        // A catalogue that does not answer is reported by the work.
        if (!signal.aborted && !isCatalogueFault(error)) options.onFault(error);
      }
      await pause(everyMs);
    }
  }
}
