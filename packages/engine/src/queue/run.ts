import type { Clock } from '../clock.ts';
import type { StorageUnit } from '../storage/port.ts';
import { type Probe, silentAfterMs, type WatchedBucket } from '../storage/watched-bucket.ts';
import {
  type StorageWait,
  type StorageWatcher,
  type WaitOutcome,
  watchRequests,
} from '../storage/watched-storage-unit.ts';
import type { AcceptanceFirst } from './acceptance-first.ts';
import type { Claims } from './claims.ts';
import type { JobRun } from './port.ts';
import type { BucketWork, Entry, Places, Runner } from './turns.ts';

/** Bytes of answers up to which a job is small: it cannot hold more than it has read. */
const smallJobBytesMax = 2 * 1024 * 1024;

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
 *
 * Once it has read so much that it may hold much memory, it takes several places.
 */
export class Run implements StorageWatcher, Runner {
  readonly entry: Entry;
  readonly probe: Probe | null;
  readonly #host: RunHost;
  #places: Places;
  #holdsPlace = true;
  #weight = 1;
  #answerBytes = 0;
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

  get weight(): number {
    return this.#weight;
  }

  begin(bucketName: string, subject: string, wait: StorageWait): ReturnType<StorageWatcher['begin']> {
    const { clock, bucketOf, lookAt } = this.#host;
    const bucket = bucketOf(bucketName);
    const endWait = bucket.begin(subject, wait, bucket === this.entry.group.bucket.bucket ? this.probe : null);
    if (this.#waits === 0) {
      this.#quietSinceMs = clock.monotonicMs();
      this.#waitsSinceMs = this.#quietSinceMs;
    }
    this.#waits += 1;
    lookAt(this.#quietSinceMs + silentAfterMs);
    return (outcome: WaitOutcome, answerBytes = 0) => {
      this.#answerBytes += answerBytes;
      this.#waits -= 1;
      this.#quietSinceMs = clock.monotonicMs();
      if (this.#waits === 0) this.#waitedMs += this.#quietSinceMs - this.#waitsSinceMs;
      // Ask before others are notified: work that has begun takes precedence over work that has not.
      const resumed = this.#answerBytes > smallJobBytesMax ? this.#grow() : this.#askForPlace();
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
    this.#places.free += this.#weight;
    this.entry.group.bucket.addSuspended(this.#places, 1);
    this.#host.onGivenBack(this);
  }

  /** What the work of the job gets. */
  forWork(storage: StorageUnit, acceptance: AcceptanceFirst): JobRun {
    const signal = this.#host.stopping;
    return {
      signal,
      storage: acceptance.behind(watchRequests(storage, this, signal), () => this.entry.lane),
      claim: (name, unless) => this.claim(name, unless),
      withoutPlace: (wait) => this.withoutPlace(wait),
    };
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
    this.#places.free -= this.#weight;
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
    if (this.#holdsPlace) this.#places.free += this.#weight;
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

  /** Takes the places of a large job. It may have to wait for them, and holds none meanwhile. */
  #grow(): Promise<void> | undefined {
    const { stopping, onFreed } = this.#host;
    const { ofLargeRun } = this.#places;
    const missing = ofLargeRun - this.#weight;
    if (missing === 0 || stopping.aborted) return this.#askForPlace();
    if (this.#holdsPlace && this.#places.free >= missing) {
      this.#places.free -= missing;
      this.#weight = ofLargeRun;
      return undefined;
    }
    const held = this.#holdsPlace;
    if (held) this.giveBack();
    this.#weight = ofLargeRun;
    const resumed = this.#askForPlace();
    if (held) onFreed(this.entry.group.bucket);
    return resumed;
  }

  #askForPlace(): Promise<void> | undefined {
    if (this.#holdsPlace || this.#host.stopping.aborted) return undefined;
    if (this.#resumed !== null) return this.#resumed.promise;
    if (this.#places.free >= this.#weight) return void this.resume();
    this.#resumed = Promise.withResolvers();
    this.#places.resuming.push(this);
    return this.#resumed.promise;
  }
}
