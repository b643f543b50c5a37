import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import type { Caller } from '../context.ts';

const windowMs = 60 * 1000;
const mostInWindow = 100;
/** Callers that are remembered; who was refused longest ago is forgotten first. */
const rememberedMax = 10_000;

/**
 * Bounds what one caller can have written into the audit by asking for what is refused before it is looked at: anyone
 * with any role could fill the disk with it.
 */
export class RefusalLimit {
  readonly #clock: Clock;
  readonly #refusals = new LRUCache<string, { readonly sinceMs: number; count: number }>({ max: rememberedMax });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a refusal; whether it is among the first hundred of the caller's in a minute, which are written down. */
  isWritten({ kind, name, projectId }: Caller): boolean {
    const caller = JSON.stringify([kind, name, projectId]);
    const nowMs = this.#clock.nowMs();
    let refusals = this.#refusals.get(caller);
    if (refusals === undefined || refusals.sinceMs + windowMs <= nowMs || refusals.sinceMs > nowMs) {
      refusals = { sinceMs: nowMs, count: 0 };
      this.#refusals.set(caller, refusals);
    }
    refusals.count += 1;
    return refusals.count <= mostInWindow;
  }
}
