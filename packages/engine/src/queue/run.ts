import type { Clock } from '../clock.ts';
import { type Probe, silentAfterMs, type WatchedBucket } from '../storage/watched-bucket.ts';
import type { StorageWait, StorageWatcher, WaitOutcome } from '../storage/watched-storage-unit.ts';
import type { Claims } from './claims.ts';
import type { BucketWork, Entry, Places, Runner } from './turns.ts';

/** The tools that a run needs from its queue. */
export type RunHost = {
  readonly clock: Clock;
  readonly stopping: AbortSignal;
  readonly bucketOf: (bucketName: string) => WatchedBucket;
  readonly claims: Claims<Run>;
  /** Schedules a check of all runs, in monotonic milliseconds. */
  readonly lookAt: (atMs: number) => void;
  readonly onGivenBack: (run: Run) => void;
  /** Called when places may have become free, or more of a bucket's work may start. */
  readonly onFreed: (bucket: BucketWork) => void;
};

/**
 * A running job. It holds a place only while there is work. Once nothing has come from storage for a second, its place
 * is given to others, and the job waits for a place before it takes later data. If little comes at a time, the place is
 * also given up once the waits add up and work of another bucket wants it.
 */
export class Run implements StorageWatcher, Runner {
  readonly entry: Entry;
  readonly probe: Probe | null;
  readonly #host: RunHost;
  #places: Places;
  #holdsPlace = true;
  #waits = 0;
  /** When something last arrived, or the oldest wait began. */
  #quietSinceMs = 0;
  /** When the oldest wait began, or the place was taken. */
  #waitsSinceMs = 0;
  /** Total duration of the waits that are over, since the place was taken. */
  #waitedMs = 0;
  #resumed: PromiseWithResolvers<void> | null = null;
  list: Runner['list'] = null;
  before: Runner | null = null;
  after: Runner | null = null;

  /** Takes one of the free places. */
  constructor(entry: Entry, places: Places, probe: Probe | null, host: RunHost) {
    this.entry = entry;
    this.probe = probe;
    this.#host = host;
    this.#places = places;
    places.free -= 1;
  }

  get holdsPlace(): boolean {
    return this.#holdsPlace;
  }

  begin(bucketName: string, subject: string, wait: StorageWait): (outcome: WaitOutcome) => Promise<void> | undefined {
    const { clock, bucketOf, lookAt } = this.#host;
    const bucket = bucketOf(bucketName);
    const endWait = bucket.begin(subject, wait, bucket === this.entry.group.bucket.bucket ? this.probe : null);
    if (this.#waits === 0) {
      this.#quietSinceMs = clock.monotonicMs();
      this.#waitsSinceMs = this.#quietSinceMs;
    }
    this.#waits += 1;
    lookAt(this.#quietSinceMs + silentAfterMs);
    return (outcome) => {
      this.#waits -= 1;
      this.#quietSinceMs = clock.monotonicMs();
      if (this.#waits === 0) this.#waitedMs += this.#quietSinceMs - this.#waitsSinceMs;
      // Ask before others are notified: work that has begun takes precedence over work that has not.
      const resumed = this.#askForPlace();
      endWait(outcome);
      return resumed;
    };
  }

  /**
   * When it will have been silent too long, in monotonic milliseconds; null if it does not wait while holding a place.
   */
  get silentAtMs(): number | null {
    return this.#holdsPlace && this.#waits > 0 ? this.#quietSinceMs + silentAfterMs : null;
  }

  /**
   * When its waits will add up to too much, in monotonic milliseconds; null if it does not wait while holding a place.
   */
  get slowAtMs(): number | null {
    if (!this.#holdsPlace || this.#waits === 0) return null;
    return this.#waitsSinceMs + this.#places.slowAfterMs - this.#waitedMs;
  }

  /** Whether work of another bucket waits for its place. */
  get isInTheWay(): boolean {
    return this.#places.isWantedBeside(this.entry.group.bucket);
  }

  giveBack(): void {
    this.#holdsPlace = false;
    this.#places.free += 1;
    this.entry.group.bucket.addSuspended(this.#places, 1);
    this.#host.onGivenBack(this);
  }

  /** See {@link JobRun.claim}. */
  async claim(name: string, signal: AbortSignal): Promise<void> {
    const granted = this.#host.claims.take(name, this, signal);
    if (granted !== null) await this.withoutPlace(() => granted);
  }

  /** See {@link JobRun.withoutPlace}. */
  async withoutPlace<Result>(wait: () => Promise<Result>): Promise<Result> {
    if (this.#holdsPlace) {
      this.giveBack();
      this.#host.onFreed(this.entry.group.bucket);
    }
    try {
      return await wait();
    } finally {
      await this.#askForPlace();
    }
  }

  /** Takes one of the places again, and lets the work continue with the data that has arrived. */
  resume(): void {
    this.list?.remove(this);
    this.#holdsPlace = true;
    this.#places.free -= 1;
    this.#quietSinceMs = this.#host.clock.monotonicMs();
    this.#waitsSinceMs = this.#quietSinceMs;
    this.#waitedMs = 0;
    this.#leaveSuspended();
  }

  /** Adopts a raised lane. A place that the run holds does not change. */
  moveTo(places: Places): void {
    if (this.#holdsPlace) return;
    this.entry.group.bucket.addSuspended(this.#places, -1);
    this.entry.group.bucket.addSuspended(places, 1);
    this.#places = places;
    if (this.list === null) return;
    this.list.remove(this);
    places.resuming.push(this);
  }

  /** Ends the run, because its work has ended or the queue is stopping. Nothing delays the work any more. */
  end(): void {
    this.#host.claims.release(this);
    if (this.#holdsPlace) this.#places.free += 1;
    else {
      this.list?.remove(this);
      this.#holdsPlace = true;
      this.#leaveSuspended();
    }
  }

  #leaveSuspended(): void {
    const { bucket } = this.entry.group;
    bucket.addSuspended(this.#places, -1);
    this.#resumed?.resolve();
    this.#resumed = null;
    this.#host.onFreed(bucket);
  }

  #askForPlace(): Promise<void> | undefined {
    if (this.#holdsPlace || this.#host.stopping.aborted) return undefined;
    if (this.#resumed !== null) return this.#resumed.promise;
    if (this.#places.free > 0) return void this.resume();
    this.#resumed = Promise.withResolvers();
    this.#places.resuming.push(this);
    return this.#resumed.promise;
  }
}
