import type { Lane } from '../../catalogue/operation-records.ts';
import type { Clock } from '../../clock.ts';
import type { Sleep } from '../../storage/bucket-budget.ts';
import type { BucketWatch } from '../../storage/bucket-watch.ts';
import type { WatchedBucket } from '../../storage/watched-bucket.ts';
import type { InProcessJobQueue } from '../in-process-job-queue.ts';
import { placeOf } from '../port.ts';
import { type LanePlaces, workOf } from '../turns.ts';
import { Bell } from './bell.ts';
import type { FetchedJob, JobStore } from './job-store.ts';

/** Longest time until a job is found whose notification was missed, or whose time has come. Milliseconds. */
const pollEveryMs = 2_000;
/** Interval at which the jobs that run are kept, in milliseconds. Twice within the time after which they are lost. */
const keepEveryMs = 7_000;
/** Time until jobs of a bucket that may not start now are fetched again, in milliseconds. Outages take longer. */
const closedForMs = 1_000;
/** The same while a job probes a bucket in an outage. */
const probedForMs = 5_000;
/** Least time between two rounds over projects and buckets, in milliseconds. */
const roundEveryMs = 100;
/** The end of a round reads over all jobs of the round, so it may take at most a tenth of the time. */
const roundShare = 10;

export type WorkerFeedOptions = {
  readonly jobs: JobStore;
  /** Opens the queue that does the work. It calls `onRoom` when it may have room. */
  readonly openScheduler: (onRoom: () => void) => InProcessJobQueue;
  readonly buckets: BucketWatch;
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** Called once when jobs can no longer be fetched or kept. The feed keeps trying. */
  readonly onFault: (error: unknown) => void;
};

/** The jobs for one kind of place. */
type Supply = {
  readonly lane: Lane;
  readonly work: keyof LanePlaces;
  mayHaveJobs: boolean;
  /** The projects and buckets that have had a turn in this round. */
  readonly served: Set<string>;
  /** When the next round begins, in monotonic milliseconds. Until then, the oldest jobs go first. */
  roundAtMs: number;
};

/**
 * Gives a node work. Fetches as many jobs as there are places, and keeps none that cannot start. So a node that is busy
 * or that does not reach a bucket leaves the jobs to others, and the jobs of a bucket that does not answer never fill a
 * node.
 */
export class WorkerFeed implements AsyncDisposable {
  readonly #options: WorkerFeedOptions;
  readonly #scheduler: InProcessJobQueue;
  readonly #bell: Bell;
  readonly #stopping = new AbortController();
  readonly #supplies: readonly Supply[];
  readonly #running = new Set<FetchedJob>();
  /** Jobs whose work has ended, but that are not ended yet. They are kept until then. */
  readonly #ended = new Set<FetchedJob>();
  /** Projects and buckets whose jobs are not fetched, with the monotonic time until when. */
  readonly #closedUntilMs = new Map<string, number>();
  readonly #inOutage = new Set<WatchedBucket>();
  readonly #loops: readonly Promise<void>[];
  #isFailing = false;

  constructor(options: WorkerFeedOptions) {
    this.#options = options;
    this.#bell = new Bell(options.sleep);
    this.#scheduler = options.openScheduler(() => this.#bell.ring());
    const lanes = ['interactive', 'mass'] as const;
    this.#supplies = lanes.flatMap((lane) =>
      (['work', 'verification'] as const).map((work) => ({
        lane,
        work,
        mayHaveJobs: true,
        served: new Set(),
        roundAtMs: 0,
      })),
    );
    this.#loops = [this.#feed(), this.#keep()];
  }

  /** Fetches soon: there may be jobs. */
  wake(): void {
    for (const supply of this.#supplies) supply.mayHaveJobs = true;
    this.#bell.ring();
  }

  /**
   * Fetches nothing more, stops the work that runs, and gives its jobs back. Their operations are the caller's to
   * release.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the node is stopping'));
    this.#bell.ring();
    await Promise.all(this.#loops);
    await this.#scheduler[Symbol.asyncDispose]();
    try {
      await this.#endJobs();
      await this.#options.jobs.giveBack([...this.#running].map((job) => ({ ...job, notBeforeMs: null })));
    } catch {
      // Without a heartbeat, they are given to other nodes.
    }
  }

  async #feed(): Promise<void> {
    const { clock, sleep } = this.#options;
    const { signal } = this.#stopping;
    let pollsAtMs = 0;
    while (!signal.aborted) {
      if (clock.monotonicMs() >= pollsAtMs) {
        pollsAtMs = clock.monotonicMs() + pollEveryMs;
        this.wake();
      }
      try {
        await this.#endJobs();
        await this.#followOutages();
        const fetched = await this.#fetchAll();
        this.#isFailing = false;
        if (!fetched) await this.#bell.wait(Math.max(0, pollsAtMs - clock.monotonicMs()));
      } catch (error) {
        this.#report(error);
        await sleep(pollEveryMs, signal).catch(() => {});
      }
    }
  }

  async #keep(): Promise<void> {
    const { jobs, sleep } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(keepEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      await jobs.keep([...this.#running, ...this.#ended]).catch((error: unknown) => this.#report(error));
    }
  }

  async #endJobs(): Promise<void> {
    const ended = [...this.#ended];
    await this.#options.jobs.end(ended);
    for (const job of ended) this.#ended.delete(job);
    // A job of the same key may have waited for its end.
    if (ended.length > 0) for (const supply of this.#supplies) supply.mayHaveJobs = true;
  }

  /** Makes the jobs of a bucket due that answers again. */
  async #followOutages(): Promise<void> {
    const { buckets, jobs } = this.#options;
    for (const bucket of buckets.inOutage) this.#inOutage.add(bucket);
    for (const bucket of this.#inOutage) {
      if (bucket.admission() !== 'every job') continue;
      await jobs.bringForward(bucket.storageUnitId, bucket.bucketName);
      this.#inOutage.delete(bucket);
      this.#closedUntilMs.clear();
      this.wake();
    }
  }

  /** Whether there were jobs. */
  async #fetchAll(): Promise<boolean> {
    let count = 0;
    for (const supply of this.#supplies) count += await this.#fetch(supply);
    return count > 0;
  }

  async #fetch(supply: Supply): Promise<number> {
    const { lane, work } = supply;
    const room = this.#scheduler.roomFor(lane, work);
    if (room === 0 || !supply.mayHaveJobs || this.#stopping.signal.aborted) return 0;
    const others = await this.#fetchUnserved(supply, room, this.#closedGroups());
    // Before more are fetched: if that fails, these would have been fetched for nothing.
    await this.#start(supply, others);
    const left = room - others.length;
    const rest = left === 0 ? [] : await this.#options.jobs.fetch(lane, work, left, this.#closedGroups());
    supply.mayHaveJobs = left === 0 || rest.length > 0;
    await this.#start(supply, rest);
    return others.length + rest.length;
  }

  /** Fetches jobs of projects and buckets that have had no turn. They go first, so that none waits for all of another. */
  async #fetchUnserved(supply: Supply, room: number, closed: readonly string[]): Promise<readonly FetchedJob[]> {
    const { jobs, clock } = this.#options;
    const { lane, work, served } = supply;
    const begunMs = clock.monotonicMs();
    if (served.size === 0 || begunMs < supply.roundAtMs) return [];
    const found = await jobs.fetch(lane, work, room, [...closed, ...served]);
    if (found.length === 0) {
      const endedMs = clock.monotonicMs();
      served.clear();
      supply.roundAtMs = endedMs + Math.max(roundEveryMs, roundShare * (endedMs - begunMs));
    }
    return found;
  }

  async #start(supply: Supply, fetched: readonly FetchedJob[]): Promise<void> {
    for (const { group } of fetched) supply.served.add(group);
    const refused: (FetchedJob & { readonly notBeforeMs: number | null })[] = [];
    for (const job of fetched) {
      const ended = this.#scheduler.tryStart(job.due);
      if (ended === null) {
        refused.push({ ...job, notBeforeMs: this.#close(job) });
        continue;
      }
      this.#running.add(job);
      ended.then(() => {
        this.#running.delete(job);
        this.#ended.add(job);
        this.#bell.ring();
      });
    }
    await this.#options.jobs.giveBack(refused);
  }

  /** Fetches no jobs of this project and bucket for now. Returns the time of the next, in milliseconds since 1970. */
  #close({ due, group }: FetchedJob): number | null {
    const { buckets, clock } = this.#options;
    // The bucket is not the reason.
    if (this.#scheduler.roomFor(due.lane, workOf(due)) === 0) return null;
    const { storageUnitId, bucketName } = placeOf(due);
    const waitsMs = this.#untilProbeMs(buckets.bucket(storageUnitId, bucketName));
    this.#closedUntilMs.set(group, clock.monotonicMs() + waitsMs);
    return clock.nowMs() + waitsMs;
  }

  #untilProbeMs({ outage, nextProbeMs }: WatchedBucket): number {
    if (outage === null) return closedForMs;
    return nextProbeMs === null ? probedForMs : Math.max(closedForMs, nextProbeMs - this.#options.clock.monotonicMs());
  }

  #closedGroups(): readonly string[] {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [group, untilMs] of this.#closedUntilMs) if (untilMs <= nowMs) this.#closedUntilMs.delete(group);
    return [...this.#closedUntilMs.keys()];
  }

  #report(error: unknown): void {
    if (!this.#isFailing && !this.#stopping.signal.aborted) this.#options.onFault(error);
    this.#isFailing = true;
  }
}
