import { BackupSyncError, counted, hasEnded } from '@backup-sync/contracts';
import type { CbrOperationLog } from '../answers/cbr-operation-log.ts';
import type { CallOptions } from '../calls.ts';
import type { Several } from '../lists/batches.ts';
import { type Runtime, timerMaxMs } from '../runtime.ts';
import { type Asked, ask } from './ask.ts';
import { EventsFollower } from './events-follower.ts';
import { IdsAhead, type OperationReference } from './ids-ahead.ts';
import type { OpenEvents } from './operation-events.ts';
import { Rounds } from './rounds.ts';
import { Wake } from './wake.ts';

/** Options of a wait. */
export type WaitOptions = CallOptions & {
  /** When to give up, milliseconds since 1970 (default: never). The clock is read once, when the wait begins. */
  readonly deadlineMs?: number;
};

export type WaitedService = {
  readonly calls: Asked;
  /** Null if the calls have no stream. */
  readonly openEvents: OpenEvents | null;
  readonly runtime: Runtime;
};

/** Implements `Client.waitFor`. */
export async function* waitFor(
  { calls, openEvents, runtime }: WaitedService,
  references: Several<OperationReference>,
  { signal, deadlineMs: deadlineAtMs = Number.POSITIVE_INFINITY }: WaitOptions = {},
): AsyncGenerator<CbrOperationLog> {
  if (Number.isNaN(deadlineAtMs)) {
    throw new BackupSyncError('invalid_request', 'deadlineMs: NaN must be a number of milliseconds since 1970');
  }
  const leaving = new AbortController();
  const leftMs = Math.max(0, deadlineAtMs - runtime.nowMs());
  // From here on, setting the wall clock does not change the length of the wait.
  const deadlineMs = runtime.monotonicMs() + leftMs;
  // Also stops a call under way. A deadline beyond the longest timer needs no timer.
  const expired = leftMs <= timerMaxMs ? AbortSignal.timeout(Math.ceil(leftMs)) : leaving.signal;
  const under = AbortSignal.any([leaving.signal, expired, ...(signal === undefined ? [] : [signal])]);
  const wake = new Wake();
  const ids = new IdsAhead(references, wake);
  const events = new EventsFollower(openEvents, runtime, wake, under);
  const rounds = new Rounds(runtime, openEvents !== null);
  try {
    while (!ids.areDone()) {
      if (runtime.monotonicMs() >= deadlineMs) throw tooLate(ids);
      ids.readAhead();
      if (events.takeTurned()) rounds.askNow();
      const isRound = rounds.isDue() && ids.pending.size > 0;
      const due = isRound ? new Set(ids.pending) : toldOf(events, ids);
      if (due.size === 0) {
        const nextMs = ids.pending.size === 0 ? Number.POSITIVE_INFINITY : rounds.nextAtMs;
        await wake.wait(Math.min(deadlineMs, nextMs) - runtime.monotonicMs(), runtime, under);
        continue;
      }
      let endedNow = 0;
      for await (const log of ask(calls, due, { signal: under })) {
        if (!hasEnded(log.status) || !ids.end(log.id)) continue;
        endedNow += 1;
        yield log;
      }
      if (isRound) rounds.schedule(endedNow > 0, events.isOpen());
    }
    if (ids.failure !== null) throw ids.failure.error;
  } catch (error) {
    throw expired.aborted && !signal?.aborted ? tooLate(ids, error) : error;
  } finally {
    leaving.abort();
    await ids.stop();
  }
}

/**
 * While a stream is open: the ids that it reported as ended, and new ids, which may have ended before they were read.
 */
function toldOf(events: EventsFollower, ids: IdsAhead): Set<string> {
  if (!events.isOpen()) return new Set();
  const due = ids.takeFresh();
  for (const id of events.takeEnded()) if (ids.pending.has(id)) due.add(id);
  return due;
}

function tooLate({ pending }: IdsAhead, cause?: unknown): BackupSyncError {
  const [first = ''] = pending;
  const unended = `${counted(pending.size, 'operation has', 'operations have')} not ended`;
  const example = pending.size > 1 ? `, including ${first}` : `: ${first}`;
  const message = `the deadline has passed; ${unended}${pending.size === 0 ? '' : example}`;
  return new BackupSyncError('deadline_passed', message, { cause });
}
