import TinyQueue from 'tinyqueue';
import { backoffMs } from '../backoff.ts';
import type { DueWork, Lane } from '../catalogue/operation-records.ts';
import { isCatalogueFault } from '../catalogue-refusal.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log-events.ts';
import type { Sleep } from '../storage/bucket-budget.ts';
import type { BucketWatch } from '../storage/bucket-watch.ts';
import type { StorageUnit } from '../storage/port.ts';
import { type Admission, silentAfterMs, type WatchedBucket } from '../storage/watched-bucket.ts';
import type { AcceptanceFirst } from './acceptance-first.ts';
import { Alarm } from './alarm.ts';
import { CataloguePause } from './catalogue-pause.ts';
import { Claims } from './claims.ts';
import { groupKeyOf, type Job, type JobQueue, type JobWork, keyOf, placeOf, pointerOf } from './port.ts';
import { Run, type RunHost } from './run.ts';
import { BucketWork, Entry, Group, type LanePlaces, Places, type Share, workOf } from './turns.ts';

/** Time until work that threw is retried, in milliseconds, before jitter. */
const throwBackoff = { firstMs: 500, longestMs: 60_000 };
/**
 * Maximum wait for a job's time, in milliseconds; no back-off is longer. Times are stored by the wall clock, so without
 * this limit a clock that was set back would delay jobs by as much.
 */
const waitsMaxMs = 10 * 60 * 1000;
/** Time that a listing or import may wait for storage before it gives way to another bucket, in milliseconds. */
const slowAfterMs = 1_000;
/** The same for a verification, which takes all cores. */
const slowVerificationAfterMs = 60_000;
/**
 * Maximum number of runs without a place, since each holds connections open. Further runs keep their place while
 * waiting.
 */
const suspendedMax = 256;

export type InProcessJobQueueOptions = {
  readonly work: JobWork;
  /** Number of chains, scans and plans that run at the same time in each lane, in addition to one verification. */
  readonly concurrency: number;
  /** Number of these places that a job takes once it may hold much memory (default 1). */
  readonly placesOfLargeJob?: number;
  readonly storage: StorageUnit;
  /** The acceptance of calls in this process, which has precedence over the requests of jobs. */
  readonly acceptance: AcceptanceFirst;
  readonly buckets: BucketWatch;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** Returns a number from 0 up to, but not including, 1. It spreads the back-off. */
  readonly random: () => number;
  /** Called each time that work throws. The work is retried in any case. */
  readonly onFault: (job: Job, error: unknown) => void;
  readonly log: Log;
  /**
   * Called when a place may be free for a job that waits elsewhere (default: no job does). Runs on slow storage then
   * always give up their place, since such a job may want it.
   */
  readonly onRoom?: () => void;
};

/**
 * The queue of the embedded default, in memory. Each lane has places for chains, scans and plans, and one for a
 * verification. Projects and buckets take turns within a lane, so that none waits for everything another has queued.
 */
export class InProcessJobQueue implements JobQueue {
  readonly #options: InProcessJobQueueOptions;
  readonly #stopping = new AbortController();
  readonly #alarm: Alarm;
  readonly #catalogue: CataloguePause<Run>;
  readonly #host: RunHost;
  readonly #places: { readonly [Each in Lane]: LanePlaces };
  /** The order in which places are filled. */
  readonly #allPlaces: readonly Places[];
  readonly #groups = new Map<string, Group>();
  readonly #buckets = new Map<WatchedBucket, BucketWork>();
  readonly #waiting = new TinyQueue<{ readonly entry: Entry; readonly dueMs: number }>(
    [],
    (one, other) => one.dueMs - other.dueMs,
  );
  readonly #runs = new Map<Run, Promise<void>>();
  #isFilling = false;
  #fillsAgain = false;

  constructor(options: InProcessJobQueueOptions) {
    const { clock, sleep, concurrency, placesOfLargeJob = 1, buckets, storage, log } = options;
    this.#options = options;
    this.#alarm = new Alarm(clock, sleep, () => this.#look());
    this.#catalogue = new CataloguePause(clock, log);
    const isFed = options.onRoom !== undefined;
    const newLane = () => ({
      work: new Places(concurrency, placesOfLargeJob, slowAfterMs, isFed),
      verification: new Places(1, 1, slowVerificationAfterMs, isFed),
    });
    this.#places = { interactive: newLane(), mass: newLane() };
    this.#allPlaces = Object.values(this.#places).flatMap(({ work, verification }) => [work, verification]);
    this.#host = {
      clock,
      stopping: this.#stopping.signal,
      bucketOf: (bucketName) => buckets.bucket(storage.id, bucketName),
      claims: new Claims(),
      lookAt: (atMs) => this.#alarm.set(atMs),
      onGivenBack: (run) => this.#catalogue.suspended(run),
      onFreed: (bucket) => {
        bucket.openShares();
        this.#fill();
      },
    };
    buckets.listen((bucket) => this.#onChange(bucket));
    for (const bucket of buckets.inOutage) this.#onChange(bucket);
  }

  async add(job: DueWork): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const known = this.#known(job);
    const entry = known ?? this.#newEntry(job);
    const dueMs = this.#dueMsOf(job, entry.group);
    if (known === undefined) this.#schedule(entry, dueMs);
    else this.#addAgain(known, job.lane, dueMs);
    this.#fill();
  }

  /** Number of jobs that {@link tryStart} could start now, if their buckets allow it. */
  roomFor(lane: Lane, work: keyof LanePlaces): number {
    const places = this.#places[lane][work];
    const isWanted = places.turns.first !== null || places.resuming.first !== null;
    return this.#catalogue.mayStart && !isWanted ? Math.max(0, places.free) : 0;
  }

  /**
   * Starts a job that waits elsewhere. Returns null if it may not start now: it is not kept. Otherwise returns a promise
   * that is fulfilled when its work has ended, retries included. It stays pending if the queue is disposed before.
   */
  tryStart(job: DueWork): Promise<void> | null {
    if (this.#stopping.signal.aborted) return null;
    const known = this.#known(job);
    if (known !== undefined) {
      this.#addAgain(known, job.lane, null);
      return known.ended.promise;
    }
    const { storageUnitId, bucketName } = placeOf(job);
    const bucket = this.#workOf(this.#options.buckets.bucket(storageUnitId, bucketName));
    const places = this.#placesOf(job, job.lane);
    const admission = this.#admission(bucket, places);
    if (this.roomFor(job.lane, workOf(job)) === 0 || admission === 'none') return null;
    const entry = this.#newEntry(job);
    this.#start(entry, places, admission);
    return entry.ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the queue is stopping'));
    this.#alarm[Symbol.dispose]();
    // Runs that wait for a place have to end as well.
    for (const { resuming } of this.#allPlaces) while (resuming.first !== null) resuming.first.resume();
    await Promise.allSettled(this.#runs.values());
  }

  #addAgain(entry: Entry, lane: Lane, dueMs: number | null): void {
    const isRaised = lane === 'interactive' && entry.lane === 'mass';
    if (entry.state === 'runs') {
      const before = entry.again;
      const isEarlier = before === null || (before.dueMs !== null && (dueMs === null || dueMs < before.dueMs));
      if (isEarlier) entry.again = { dueMs };
    }
    if (isRaised) {
      const share = this.#shareOf(entry);
      entry.lane = lane;
      entry.run?.moveTo(this.#placesOf(entry.job, lane));
      if (entry.state === 'ready') {
        share.remove(entry);
        this.#schedule(entry, null);
      }
    }
    // Work that threw keeps its pause, however often it is added.
    const isBrought = entry.state === 'waits' && entry.failures === 0 && (dueMs === null || dueMs < entry.dueMs);
    if (isBrought) this.#schedule(entry, dueMs);
  }

  /** When a job may start, in monotonic milliseconds; null if as soon as there is a place. */
  #dueMsOf({ notBeforeMs }: DueWork, { bucket }: Group): number | null {
    // During an outage, jobs wait for the bucket: one of them has to probe it, and all continue when it answers.
    if (notBeforeMs === null || bucket.bucket.outage !== null) return null;
    const { clock } = this.#options;
    const waitsMs = Math.min(notBeforeMs - clock.nowMs(), waitsMaxMs);
    return waitsMs <= 0 ? null : clock.monotonicMs() + waitsMs;
  }

  #schedule(entry: Entry, dueMs: number | null): void {
    if (dueMs === null) {
      entry.state = 'ready';
      this.#shareOf(entry).add(entry);
      return;
    }
    entry.state = 'waits';
    entry.dueMs = dueMs;
    this.#waiting.push({ entry, dueMs });
    this.#alarm.set(dueMs);
  }

  /** Readies jobs that are due, and takes their place from runs that wait for silent or slow storage. */
  #look(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (let next = this.#waiting.peek(); next !== undefined && next.dueMs <= nowMs; next = this.#waiting.peek()) {
      this.#waiting.pop();
      // A job that was brought forward is still listed under its former time.
      const { entry, dueMs } = next;
      if (entry.state === 'waits' && entry.dueMs === dueMs) this.#schedule(entry, null);
    }
    let suspended = 0;
    for (const run of this.#runs.keys()) if (!run.holdsPlace) suspended += 1;
    for (const run of this.#runs.keys()) {
      if (suspended === suspendedMax) break;
      const isSilent = run.silentAtMs !== null && run.silentAtMs <= nowMs;
      const isSlow = run.slowAtMs !== null && run.slowAtMs <= nowMs;
      if (!isSilent && !(isSlow && run.isInTheWay)) continue;
      run.giveBack();
      suspended += 1;
    }
    for (const bucket of this.#options.buckets.inOutage) {
      if (bucket.nextProbeMs !== null && bucket.nextProbeMs <= nowMs) this.#workOf(bucket).openShares();
    }
    this.#fill();
    this.#setAlarm(nowMs);
  }

  /**
   * Sets the alarm for times still to come. Work that is due already waits only for a place, except runs that keep
   * theirs.
   */
  #setAlarm(nowMs: number): void {
    const setIfLater = (atMs: number | null | undefined) => {
      if (atMs !== null && atMs !== undefined && atMs > nowMs) this.#alarm.set(atMs);
    };
    setIfLater(this.#waiting.peek()?.dueMs);
    for (const { nextProbeMs } of this.#options.buckets.inOutage) setIfLater(nextProbeMs);
    setIfLater(this.#catalogue.tryAtMs);
    for (const { silentAtMs, slowAtMs } of this.#runs.keys()) {
      if (silentAtMs === null || slowAtMs === null) continue;
      const nextMs = Math.min(silentAtMs, slowAtMs);
      // If its time has passed, nobody wants its place yet, or too many runs have none: check again later.
      this.#alarm.set(nextMs > nowMs ? nextMs : nowMs + silentAfterMs);
    }
  }

  /**
   * Lets a bucket's held work try again. Called whenever something is learned of the bucket: with every few bytes read.
   */
  #onChange(bucket: WatchedBucket): void {
    if (bucket.nextProbeMs !== null) this.#alarm.set(bucket.nextProbeMs);
    const work = this.#workOf(bucket);
    if (work.held.first === null) return;
    work.openShares();
    this.#fill();
  }

  /** Gives free places to the work that waits for them. */
  #fill(): void {
    this.#fillsAgain = true;
    if (this.#isFilling) return;
    this.#isFilling = true;
    while (this.#fillsAgain && !this.#stopping.signal.aborted) {
      this.#fillsAgain = false;
      for (const places of this.#allPlaces) while (places.free > 0 && this.#fillOne(places)) {}
    }
    this.#isFilling = false;
    if (this.#allPlaces.some(({ free }) => free > 0)) this.#options.onRoom?.();
  }

  /** Gives one place away. False if nothing may take it. */
  #fillOne(places: Places): boolean {
    if (places.resuming.first === null || places.startsNext) {
      places.startsNext = false;
      if (this.#startOne(places)) return true;
    }
    const { first } = places.resuming;
    // Nothing else begins until there are enough places for it.
    if (first === null || first.weight > places.free) return false;
    places.startsNext = true;
    first.resume();
    return true;
  }

  /** Starts one job. False if none may start. */
  #startOne(places: Places): boolean {
    if (!this.#catalogue.mayStart) return false;
    for (let share = places.turns.first; share !== null; share = places.turns.first) {
      const admission = this.#admission(share.bucket, places);
      if (admission === 'none') {
        share.hold();
        continue;
      }
      const entry = share.take();
      if (entry === null) continue;
      this.#start(entry, places, admission);
      return true;
    }
    return false;
  }

  #admission(work: BucketWork, places: Places): Admission {
    const admission = work.bucket.admission();
    const isFull = admission === 'every job' && work.suspendedFrom(places) >= this.#options.concurrency;
    return isFull ? 'none' : admission;
  }

  #start(entry: Entry, places: Places, admission: Admission): void {
    const probe = admission === 'a probe' ? entry.group.bucket.bucket.beginProbe() : null;
    const run = new Run(entry, places, probe, this.#host);
    entry.state = 'runs';
    entry.run = run;
    this.#catalogue.started(run);
    this.#runs.set(run, this.#work(entry, run));
  }

  async #work(entry: Entry, run: Run): Promise<void> {
    const { work, storage, acceptance } = this.#options;
    const { signal } = this.#stopping;
    // Wait until the filling of places is over.
    await Promise.resolve();
    let thrown: { readonly error: unknown } | null = null;
    try {
      if (!signal.aborted) await work(entry.job, run.forWork(storage, acceptance));
    } catch (error) {
      thrown = { error };
    }
    this.#runs.delete(run);
    entry.run = null;
    // The catalogue keeps the work for the next start.
    if (signal.aborted) return;
    if (thrown === null) this.#succeeded(entry, run);
    else this.#failed(entry, run, thrown.error);
    if (run.probe !== null) entry.group.bucket.bucket.endProbe(run.probe);
    run.end();
    this.#fill();
  }

  #succeeded(entry: Entry, run: Run): void {
    this.#catalogue.succeeded(run);
    entry.failures = 0;
    const { again, group, job } = entry;
    entry.again = null;
    if (again !== null) {
      this.#schedule(entry, again.dueMs);
      return;
    }
    group.entriesOf(job).delete(keyOf(job));
    if (group.chains.size + group.operations.size === 0) this.#groups.delete(groupKeyOf(job));
    entry.ended.resolve();
  }

  #failed(entry: Entry, run: Run, error: unknown): void {
    entry.again = null;
    if (isCatalogueFault(error)) {
      this.#catalogue.failed(run, error);
      this.#schedule(entry, null);
      if (this.#catalogue.tryAtMs !== null) this.#alarm.set(this.#catalogue.tryAtMs);
      return;
    }
    this.#catalogue.succeeded(run);
    this.#options.onFault(entry.job, error);
    entry.failures += 1;
    const waitsMs = backoffMs(throwBackoff, entry.failures - 1, this.#options.random());
    this.#schedule(entry, this.#options.clock.monotonicMs() + waitsMs);
  }

  #known(job: Job): Entry | undefined {
    const group = this.#groups.get(groupKeyOf(job));
    return group?.entriesOf(job).get(keyOf(job));
  }

  #newEntry(job: DueWork): Entry {
    const group = this.#groupOf(job);
    const entry = new Entry(pointerOf(job), group, job.lane);
    group.entriesOf(job).set(keyOf(job), entry);
    return entry;
  }

  #groupOf(job: Job): Group {
    const key = groupKeyOf(job);
    const { storageUnitId, bucketName } = placeOf(job);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = new Group(this.#workOf(this.#options.buckets.bucket(storageUnitId, bucketName)));
    this.#groups.set(key, group);
    return group;
  }

  #workOf(bucket: WatchedBucket): BucketWork {
    const work = this.#buckets.get(bucket) ?? new BucketWork(bucket);
    this.#buckets.set(bucket, work);
    return work;
  }

  #placesOf(job: Job, lane: Lane): Places {
    return this.#places[lane][workOf(job)];
  }

  #shareOf({ group, job, lane }: Entry): Share {
    return group.shareOf(this.#placesOf(job, lane));
  }
}
