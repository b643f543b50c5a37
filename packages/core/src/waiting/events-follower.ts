import { hasEnded, operationStatus } from '@backup-sync/contracts';
import { z } from 'zod';
import type { Runtime } from '../runtime.ts';
import type { OpenEvents } from './operation-events.ts';
import type { Wake } from './wake.ts';

/** A stream that breaks so often in a row is not opened again. */
const breaksMax = 3;
/** A stream that lasted as long did not break too soon. */
const fairLifeMs = 30_000;
const reopenAfterMs = 500;

/** What is needed of an event: a service tells of many. */
const transition = z.object({ operation: z.object({ id: z.string(), status: operationStatus }) });

/** Follows the stream of a service in the background, for as long as it can be had and the signal lets it. */
export class EventsFollower {
  readonly #wake: Wake;
  readonly #ended = new Set<string>();
  #open = false;
  #turned = false;

  constructor(openEvents: OpenEvents | null, runtime: Runtime, wake: Wake, signal: AbortSignal) {
    this.#wake = wake;
    if (openEvents !== null) void this.#follow(openEvents, runtime, signal);
  }

  isOpen(): boolean {
    return this.#open;
  }

  /** Whether the stream has opened or gone since the last time: what ended meanwhile has not been told. */
  takeTurned(): boolean {
    const turned = this.#turned;
    this.#turned = false;
    return turned;
  }

  /** Ids of operations, of anyone's, that were told to have ended since the last time. */
  takeEnded(): Set<string> {
    const ended = new Set(this.#ended);
    this.#ended.clear();
    return ended;
  }

  async #follow(openEvents: OpenEvents, runtime: Runtime, signal: AbortSignal): Promise<void> {
    for (let breaks = 0; breaks < breaksMax && !signal.aborted; ) {
      const startedAtMs = runtime.monotonicMs();
      try {
        const events = await openEvents(null, signal);
        this.#turn(events !== null);
        if (events === null) return;
        for await (const { data } of events) {
          const { operation } = transition.parse(JSON.parse(data));
          if (!hasEnded(operation.status)) continue;
          breaks = 0;
          this.#ended.add(operation.id);
          this.#wake.notify();
        }
      } catch {
        // Asking tells the same without a stream; what hinders that too is thrown there.
      }
      this.#turn(false);
      breaks = runtime.monotonicMs() - startedAtMs >= fairLifeMs ? 0 : breaks + 1;
      await runtime.sleep(reopenAfterMs * breaks, signal).catch(() => {});
    }
  }

  #turn(open: boolean): void {
    this.#open = open;
    this.#turned = true;
    this.#wake.notify();
  }
}
