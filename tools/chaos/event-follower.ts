import { setTimeout as pause } from 'node:timers/promises';
import { hasEnded, type Operation, operationEvent } from '../../packages/contracts/src/index.ts';
import type { CheckedCalls } from './checked-calls.ts';
import type { Service } from './service.ts';

export type SeenEvent = { readonly id: number; readonly operation: Operation };
/** One block of the stream. Without an operation it only says where the stream begins. */
type Block = { readonly id: number; readonly operation: Operation | null };

const reopenAfterMs = 100;
/** A follower that has read for this long continues at another server. */
const sameDoorMs = 3000;

/** Follows the events of a project across restarts and servers, from the moment when it is opened. */
export class EventFollower implements AsyncDisposable {
  readonly #service: Service;
  readonly #calls: CheckedCalls;
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();
  /** Id of the last event that was read. */
  lastId: number;
  /** Events read since the last {@link take}. */
  #events: SeenEvent[] = [];
  /** Operations of which it has read the end. */
  readonly #ended = new Set<string>();

  static async open(service: Service, calls: CheckedCalls): Promise<EventFollower> {
    const follower = new EventFollower(service, calls, await newestEventId(service, calls));
    follower.#following = follower.#follow();
    return follower;
  }

  private constructor(service: Service, calls: CheckedCalls, lastId: number) {
    this.#service = service;
    this.#calls = calls;
    this.lastId = lastId;
  }

  /** Returns the events read since the last call. */
  take(): SeenEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Waits until it has read the event with this id. False if it does not within the time. */
  async hasRead(id: number, withinMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + withinMs;
    while (this.lastId < id && performance.now() < deadlineMs) await pause(reopenAfterMs);
    return this.lastId >= id;
  }

  /** Waits until it has read the end of each operation. Returns those of which it has not within the time. */
  async missesEnds(ids: Iterable<string>, withinMs: number): Promise<readonly string[]> {
    const deadlineMs = performance.now() + withinMs;
    while (true) {
      const missing = [...ids].filter((id) => !this.#ended.has(id));
      if (missing.length === 0 || performance.now() > deadlineMs) return missing;
      await pause(reopenAfterMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const ending = AbortSignal.any([signal, AbortSignal.timeout(sameDoorMs)]);
      try {
        for await (const { id, operation } of openEvents(this.#service, this.#calls, this.lastId, ending)) {
          if (operation === null) continue;
          this.#events.push({ id, operation });
          if (hasEnded(operation.status)) this.#ended.add(operation.id);
          this.lastId = id;
        }
      } catch {
        // The stream broke. The next one begins after the last event. A permanent refusal shows as missing events.
      }
      if (!signal.aborted) await pause(reopenAfterMs);
    }
  }
}

/** Reads the kept events after one id up to another. Throws `StreamRefusedError`. */
export async function replayEvents(
  service: Service,
  calls: CheckedCalls,
  { after, until, withinMs }: { readonly after: number; readonly until: number; readonly withinMs: number },
): Promise<SeenEvent[]> {
  const events: SeenEvent[] = [];
  if (after >= until) return events;
  for await (const { id, operation } of openEvents(service, calls, after, AbortSignal.timeout(withinMs))) {
    if (operation !== null) events.push({ id, operation });
    if (id >= until) break;
  }
  return events;
}

/** A stream of events was refused, or ended before its first event. */
export class StreamRefusedError extends Error {
  override readonly name = 'StreamRefusedError';
}

/** Returns the id of the newest event, with which a stream begins. Throws `StreamRefusedError`. */
export async function newestEventId(service: Service, calls: CheckedCalls): Promise<number> {
  for await (const { id } of openEvents(service, calls, null, AbortSignal.timeout(10_000))) return id;
  throw new StreamRefusedError('a stream of events ended before its first event');
}

/** Opens a stream. Throws `StreamRefusedError`, and the error of a connection that breaks. */
async function* openEvents(
  service: Service,
  calls: CheckedCalls,
  after: number | null,
  signal: AbortSignal,
): AsyncGenerator<Block> {
  const token = (await calls.token()) ?? '';
  const query = after === null ? '' : `?after=${after}`;
  const url = `${service.nextDoor().endpoint}/v1/projects/${service.projectId}/operation-events${query}`;
  const response = await fetch(url, { headers: { 'X-Auth-Token': token }, signal });
  if (!response.ok || response.body === null) {
    if (response.status === 401) calls.forgetToken();
    throw new StreamRefusedError(`the stream was refused with ${response.status}: ${await response.text()}`);
  }
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      // Heartbeats have neither id nor data.
      if (id === undefined) continue;
      yield { id: Number(id), operation: data === undefined ? null : operationEvent.parse(JSON.parse(data)).operation };
    }
  }
}
