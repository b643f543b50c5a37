import { setTimeout as sleep } from 'node:timers/promises';
import { BackupSyncError } from '@backup-sync/contracts';
import type { Catalogue } from '../../catalogue/port.ts';
import type { Clock } from '../../clock.ts';

/** Unfinished imports of a project, if the engine is told nothing else. */
export const defaultBacklogMax = 100_000;

/** Counting a full backlog takes milliseconds: often enough. */
const countedEveryMs = 1_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** What a caller who is refused is told to wait. */
const retryAfterMs = 5_000;

/**
 * How many imports of each project have not ended, and how many may. Counted in the catalogue when it may be full, at most
 * once a second; what was accepted since is added.
 */
export class Backlog {
  readonly #catalogue: Pick<Catalogue, 'countBacklog'>;
  readonly #clock: Clock;
  readonly #max: number;
  readonly #pausedMax: number;
  #paused = 0;
  readonly #known = new Map<string, { count: number; readonly countedAtMs: number }>();

  constructor(
    catalogue: Pick<Catalogue, 'countBacklog'>,
    clock: Clock,
    limits: { readonly max: number; readonly jobsAtOnce: number },
  ) {
    this.#catalogue = catalogue;
    this.#clock = clock;
    this.#max = limits.max;
    // One place is left for the imports that make room.
    this.#pausedMax = Math.max(0, limits.jobsAtOnce - 1);
  }

  /** Notes that imports were accepted. */
  grow(projectId: string, imports: number): void {
    const known = this.#known.get(projectId);
    if (known !== undefined) known.count += imports;
  }

  /** Throws `backlog_full` if no more of a caller's imports are accepted now. */
  async refuseIfFull(projectId: string): Promise<void> {
    const count = await this.#count(projectId);
    if (count < this.#max) return;
    const message = `${count} imports of the project have not ended, and ${this.#max} may be accepted ahead`;
    throw new BackupSyncError('backlog_full', message, { retryAfterMs });
  }

  /** Waits until more imports may be accepted. Throws the signal's reason. */
  async untilRoom(projectId: string, signal: AbortSignal): Promise<void> {
    if ((await this.#count(projectId)) < this.#max || this.#paused >= this.#pausedMax) return;
    this.#paused += 1;
    try {
      for (let pauseMs = firstPauseMs; (await this.#count(projectId)) >= this.#max; pauseMs *= 2) {
        await sleep(Math.min(pauseMs, longestPauseMs), undefined, { signal });
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      this.#paused -= 1;
    }
  }

  async #count(projectId: string): Promise<number> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#known.get(projectId);
    if (known !== undefined && (known.count < this.#max || nowMs < known.countedAtMs + countedEveryMs)) {
      return known.count;
    }
    const count = await this.#catalogue.countBacklog(projectId);
    this.#known.set(projectId, { count, countedAtMs: nowMs });
    return count;
  }
}
