import { BackupSyncError, errors, type OperationEvent, operationEvent } from '@backup-sync/contracts';
import type { CallOptions, Calls } from '../calls.ts';
import { isNoAnswer } from '../http/no-answer.ts';
import type { Runtime } from '../runtime.ts';
import type { OpenEvents } from './operation-events.ts';

/** Before the stream is opened again. */
const reopenAfterMs = 1_000;
const pollEveryMs = 1_000;
/** As many of the newest operations are looked at each time. */
const polledMax = 200;

export type WatchedService = {
  readonly calls: Pick<Calls, 'listOperations'>;
  /** Null where no stream can be asked for. */
  readonly openEvents: OpenEvents | null;
  readonly runtime: Runtime;
};

/**
 * What happens to operations, as it happens, until the signal is aborted: from the stream of the service, which is opened
 * again where it stood when it breaks; where there is none, from what has changed since the last look, once a second.
 *
 * Throws the reason of the signal once that is aborted, `unreachable` or a timeout if nothing answers from the beginning
 * on, and what refuses the caller or cannot be fixed by asking again, such as `events_gone`.
 */
export async function* watchOperations(
  { calls, openEvents, runtime }: WatchedService,
  { signal = new AbortController().signal }: CallOptions = {},
): AsyncGenerator<OperationEvent> {
  let after: string | null = null;
  let wasOpen = false;
  while (openEvents !== null) {
    try {
      const events = await openEvents(after, signal);
      if (events === null) break;
      wasOpen = true;
      for await (const { id, data } of events) {
        after = id ?? after;
        yield operationEvent.parse(JSON.parse(data));
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!maySucceedAgain(error, wasOpen)) throw error;
    }
    await runtime.sleep(reopenAfterMs, signal);
  }
  yield* changes(calls, runtime, signal);
}

function maySucceedAgain(error: unknown, wasOpen: boolean): boolean {
  // A server that was there may be back soon.
  if (isNoAnswer(error)) return wasOpen;
  return error instanceof BackupSyncError && errors[error.code].retryable;
}

/** The newest operations whose status has changed since the last look. The first look only learns what there is. */
async function* changes(
  calls: WatchedService['calls'],
  runtime: Runtime,
  signal: AbortSignal,
): AsyncGenerator<OperationEvent> {
  let known: Map<string, string> | null = null;
  while (true) {
    const { operations: newest } = await calls.listOperations({ limit: polledMax }, { signal });
    const seen = known;
    known = new Map(newest.map(({ id, status }) => [id, status]));
    for (const operation of seen === null ? [] : newest.toReversed()) {
      if (seen?.get(operation.id) !== operation.status) yield { operation };
    }
    await runtime.sleep(pollEveryMs, signal);
  }
}
