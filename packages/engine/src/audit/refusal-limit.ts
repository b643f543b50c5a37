import type { Caller } from '../caller.ts';
import type { Clock } from '../clock.ts';
import { WindowCounts } from '../window-counts.ts';

const windowMs = 60 * 1000;
const mostInWindow = 100;
/** Callers that are remembered; who was refused longest ago is forgotten first. */
const rememberedMax = 10_000;

/**
 * Bounds what one caller can have written into the audit by asking for what is refused before it is looked at: anyone
 * with any role could fill the disk with it.
 */
export class RefusalLimit {
  readonly #refusals: WindowCounts;

  constructor(clock: Clock) {
    this.#refusals = new WindowCounts(clock, windowMs, rememberedMax);
  }

  /** Counts a refusal; whether it is among the first hundred of the caller's in a minute, which are written down. */
  isWritten({ kind, name, projectId }: Caller): boolean {
    const refusals = this.#refusals.of(JSON.stringify([kind, name, projectId]));
    refusals.count += 1;
    return refusals.count <= mostInWindow;
  }
}
