import { setTimeout as sleep } from 'node:timers/promises';
import { BackupSyncError, counted } from '@backup-sync/contracts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';

/** Default limit of unfinished imports of a project. */
export const defaultBacklogMax = 100_000;

/** Shortest time between two counts of a full backlog. A count takes milliseconds. */
const countedEveryMs = 1_000;
/** Time after which a backlog that has room is counted again if other nodes fill it too. Milliseconds. */
const countedWithNodesEveryMs = 2_000;
const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** The time that a refused caller is asked to wait. */
const retryAfterMs = 5_000;

type CountingCatalogue = { readonly operations: Pick<Catalogue['operations'], 'countBacklog'> };

/**
 * Limits the unfinished imports of each project. Counts them in the catalogue if the backlog may be full, at most once
 * a second, and adds the imports admitted since. With other nodes, the limit can be exceeded by what they admit within
 * two seconds.
 */
export class Backlog {
  readonly #catalogue: CountingCatalogue;
  readonly #clock: Clock;
  readonly #max: number;
  readonly #pausedMax: number;
  readonly #roomKnownForMs: number;
  #paused = 0;
  readonly #known = new Map<string, { count: number; readonly countedAtMs: number }>();

  constructor(
    catalogue: CountingCatalogue,
    clock: Clock,
    limits: {
      readonly max: number;
      readonly jobsAtOnce: number;
      /** Whether other nodes admit imports of the same projects (default false). */
      readonly hasOtherNodes?: boolean;
    },
  ) {
    this.#catalogue = catalogue;
    this.#clock = clock;
    this.#max = limits.max;
    // One place is left for the imports that make room.
    this.#pausedMax = Math.max(0, limits.jobsAtOnce - 1);
    // Without other nodes, imports only become fewer without this process knowing.
    this.#roomKnownForMs = limits.hasOtherNodes === true ? countedWithNodesEveryMs : Number.POSITIVE_INFINITY;
  }

  /** Adds imports that are accepted without a check for room. */
  grow(projectId: string, imports: number): void {
    const known = this.#known.get(projectId);
    if (known !== undefined) known.count += imports;
  }

  /** Admits imports of a caller. Throws `backlog_full` if the backlog is full. */
  async admit(projectId: string, imports: number): Promise<void> {
    const count = await this.#count(projectId);
    // Grows without another await, so that concurrent calls see each other's imports.
    if (count < this.#max) return this.grow(projectId, imports);
    const message = `${counted(count, 'import of the project has', 'imports of the project have')} not ended; the limit is ${this.#max}`;
    throw new BackupSyncError('backlog_full', message, { retryAfterMs });
  }

  /** Waits until the backlog has room, then admits the imports. Throws the signal's reason. */
  async untilRoom(projectId: string, imports: number, signal: AbortSignal): Promise<void> {
    if ((await this.#count(projectId)) < this.#max || this.#paused >= this.#pausedMax) {
      return this.grow(projectId, imports);
    }
    this.#paused += 1;
    try {
      for (let pauseMs = firstPauseMs; (await this.#count(projectId)) >= this.#max; pauseMs *= 2) {
        await sleep(Math.min(pauseMs, longestPauseMs), undefined, { signal });
      }
      this.grow(projectId, imports);
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
    if (known !== undefined) {
      const knownForMs = known.count < this.#max ? this.#roomKnownForMs : countedEveryMs;
      if (nowMs < known.countedAtMs + knownForMs) return known.count;
    }
    const count = await this.#catalogue.operations.countBacklog(projectId);
    const other = this.#known.get(projectId);
    // Another call has counted meanwhile, and imports may have been admitted since.
    if (other !== undefined && other !== known) return other.count;
    this.#known.set(projectId, { count, countedAtMs: nowMs });
    return count;
  }
}
