import { hasEnded, operationStatus } from '@backup-sync/contracts';
import { z } from 'zod';
import type { Runtime } from '../runtime.ts';
import type { OpenEvents } from './operation-events.ts';
import type { Wake } from './wake.ts';

/** After this many breaks in a row, the stream is not opened again. */
const breaksMax = 3;
/** A stream that lasted this long does not count as a break. */
const fairLifeMs = 30_000;
const reopenAfterMs = 500;

/** The parts of an event that are needed. */
const transition = z.object({ operation: z.object({ id: z.string(), status: operationStatus }) });

/**
 * Follows the event stream of a service in the background, until the signal is aborted or the stream breaks too often.
 */
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

  /** Whether the stream opened or broke since the last call. If so, the end of some operations was not reported. */
  takeTurned(): boolean {
    const turned = this.#turned;
    this.#turned = false;
    return turned;
  }

  /** Takes the ids of operations reported as ended since the last call, including those that nobody waits for. */
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
        // Polling works without the stream. If something prevents that too, polling throws it.
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
