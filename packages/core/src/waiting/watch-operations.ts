import { BackupSyncError, errors, type OperationEvent, operationEvent } from '@backup-sync/contracts';
import type { CallOptions, Calls } from '../calls.ts';
import { isNoAnswer } from '../http/no-answer.ts';
import type { Runtime } from '../runtime.ts';
import type { OpenEvents } from './operation-events.ts';

/** Pause before the stream is opened again, milliseconds. */
const reopenAfterMs = 1_000;
const pollEveryMs = 1_000;
/** Number of newest operations that each poll reads. */
const polledMax = 200;

export type WatchedService = {
  readonly calls: Pick<Calls, 'listOperations'>;
  /** Null if the calls have no stream. */
  readonly openEvents: OpenEvents | null;
  readonly runtime: Runtime;
};

/** Implements `Client.watchOperations`. */
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
  // A server that has answered before may be back soon.
  if (isNoAnswer(error)) return wasOpen;
  return error instanceof BackupSyncError && errors[error.code].retryable;
}

/** Yields the newest operations whose status has changed since the last poll. The first poll only records them. */
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
