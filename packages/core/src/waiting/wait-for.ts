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

export type WaitOptions = CallOptions & {
  /** When to give up, in milliseconds since 1970. The time left is taken from the clock once, when the wait begins. */
  readonly deadlineMs?: number;
};

export type WaitedService = {
  readonly calls: Asked;
  /** Null where no stream can be asked for. */
  readonly openEvents: OpenEvents | null;
  readonly runtime: Runtime;
};

/**
 * Yields the log of each operation once it has ended, as they end; one that is named again while it is waited for is
 * yielded once. Follows the stream of the service where it has one, and asks again and again elsewhere, ever more seldom
 * while nothing ends. A list that comes in time is read 10,000 operations ahead at most.
 *
 * Throws the reason of the signal once that is aborted, and `deadline_passed` by the deadline: the operations go on. What
 * the list itself throws is thrown when everything that it named before has ended.
 */
export async function* waitFor(
  { calls, openEvents, runtime }: WaitedService,
  references: Several<OperationReference>,
  { signal, deadlineMs: deadlineAtMs = Number.POSITIVE_INFINITY }: WaitOptions = {},
): AsyncGenerator<CbrOperationLog> {
  if (Number.isNaN(deadlineAtMs)) throw new BackupSyncError('invalid_request', 'deadlineMs: is not a number');
  const leaving = new AbortController();
  const leftMs = Math.max(0, deadlineAtMs - runtime.nowMs());
  // From here on a wall clock that is set makes the wait neither longer nor shorter.
  const deadlineMs = runtime.monotonicMs() + leftMs;
  // A call under way ends by it as well. A deadline beyond what a timer can be set to is as good as none.
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

/** While a stream is open: what it has told of, and what may have ended before that was read from the list. */
function toldOf(events: EventsFollower, ids: IdsAhead): Set<string> {
  if (!events.isOpen()) return new Set();
  const due = ids.takeFresh();
  for (const id of events.takeEnded()) if (ids.pending.has(id)) due.add(id);
  return due;
}

function tooLate({ pending }: IdsAhead, cause?: unknown): BackupSyncError {
  const [first = ''] = pending;
  const others = pending.size > 1 ? `, ${first} among them` : `: ${first}`;
  const message = `the deadline has passed; ${counted(pending.size, 'operation has', 'operations have')} not ended${pending.size === 0 ? '' : others}`;
  return new BackupSyncError('deadline_passed', message, { cause });
}
