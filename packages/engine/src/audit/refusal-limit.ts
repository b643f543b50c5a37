import type { Caller } from '../caller.ts';
import type { Clock } from '../clock.ts';
import { WindowCounts } from '../window-counts.ts';

const windowMs = 60 * 1000;
const mostInWindow = 100;
/** Maximum number of callers that are remembered. The one refused longest ago is forgotten first. */
const rememberedMax = 10_000;

/**
 * Limits the audit events that one caller can cause with requests refused before they are checked. Otherwise anyone
 * with any role could fill the disk.
 */
export class RefusalLimit {
  readonly #refusals: WindowCounts;

  constructor(clock: Clock) {
    this.#refusals = new WindowCounts(clock, windowMs, rememberedMax);
  }

  /**
   * Counts a refusal. Returns whether it is among the caller's first 100 in a minute, which are written to the audit.
   */
  isWritten({ kind, name, projectId }: Pick<Caller, 'kind' | 'name' | 'projectId'>): boolean {
    const refusals = this.#refusals.of(JSON.stringify([kind, name, projectId]));
    refusals.count += 1;
    return refusals.count <= mostInWindow;
  }
}
