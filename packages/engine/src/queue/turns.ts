import type { Lane } from '../catalogue/operation-records.ts';
import type { WatchedBucket } from '../storage/watched-bucket.ts';
import { type Linked, LinkedList } from './linked-list.ts';
import type { Job } from './port.ts';

/** A running job, as the code that gives out places sees it. See run.ts. */
export interface Runner extends Linked<Runner> {
  readonly entry: Entry;
  /** Number of places that it takes. */
  readonly weight: number;
  /** Adopts a raised lane. */
  moveTo(places: Places): void;
  /** Takes one of the places again. */
  resume(): void;
}

/** A job that was added and has not ended. */
export class Entry implements Linked<Entry> {
  readonly job: Job;
  readonly group: Group;
  lane: Lane;
  /** `ready` jobs are in a share of their group. The others wait for their time, or run. */
  state: 'waits' | 'ready' | 'runs' = 'waits';
  /** While it waits: when it may start, in monotonic milliseconds. */
  dueMs = 0;
  /** Number of times in a row that its work threw. */
  failures = 0;
  /** Set if it was added again while it ran, with its new time. */
  again: { dueMs: number | null } | null = null;
  /** Set while it runs. */
  run: Runner | null = null;
  /** Fulfilled when its work has ended. */
  readonly ended = Promise.withResolvers<void>();
  list: Linked<Entry>['list'] = null;
  before: Entry | null = null;
  after: Entry | null = null;

  constructor(job: Job, group: Group, lane: Lane) {
    this.job = job;
    this.group = group;
    this.lane = lane;
  }
}

/** The jobs of one project in one bucket. */
export class Group {
  readonly bucket: BucketWork;
  readonly chains = new Map<string, Entry>();
  /** Operations, and help for them. */
  readonly operations = new Map<string, Entry>();
  readonly shares = new Map<Places, Share>();

  constructor(bucket: BucketWork) {
    this.bucket = bucket;
  }

  entriesOf({ kind }: Job): Map<string, Entry> {
    return kind === 'chain' ? this.chains : this.operations;
  }

  shareOf(places: Places): Share {
    const share = this.shares.get(places) ?? new Share(places, this.bucket);
    this.shares.set(places, share);
    return share;
  }
}

/** The queue's work in one bucket. */
export class BucketWork {
  readonly bucket: WatchedBucket;
  /** Shares that must not start anything for now. */
  readonly held = new LinkedList<Share>();
  /** Number of runs that released their place, by the kind of place that they want. */
  readonly #suspended = new Map<Places, number>();

  constructor(bucket: WatchedBucket) {
    this.bucket = bucket;
  }

  /** Lets shares take turns again, to see whether the bucket lets them start now. */
  openShares(): void {
    for (let share = this.held.first; share !== null; share = this.held.first) share.joinTurns();
  }

  suspendedFrom(places: Places): number {
    return this.#suspended.get(places) ?? 0;
  }

  addSuspended(places: Places, count: 1 | -1): void {
    this.#suspended.set(places, this.suspendedFrom(places) + count);
  }
}

/** The jobs of one group that are ready for the same places. */
export class Share implements Linked<Share> {
  readonly #places: Places;
  readonly bucket: BucketWork;
  readonly #listings = new LinkedList<Entry>();
  readonly #others = new LinkedList<Entry>();
  list: Linked<Share>['list'] = null;
  before: Share | null = null;
  after: Share | null = null;

  constructor(places: Places, bucket: BucketWork) {
    this.#places = places;
    this.bucket = bucket;
  }

  add(entry: Entry): void {
    (isListing(entry.job) ? this.#listings : this.#others).push(entry);
    if (this.list === null) this.joinTurns();
  }

  remove(entry: Entry): void {
    entry.list?.remove(entry);
    if (this.#next === null) this.list?.remove(this);
  }

  /** Removes and returns the next job to start. The share's next turn comes after all others. */
  take(): Entry | null {
    const entry = this.#next;
    if (entry === null) return null;
    this.remove(entry);
    if (this.list !== null) this.joinTurns();
    return entry;
  }

  joinTurns(): void {
    this.list?.remove(this);
    this.#places.turns.push(this);
  }

  /** Starts nothing until the bucket allows it. */
  hold(): void {
    this.list?.remove(this);
    this.bucket.held.push(this);
  }

  get #next(): Entry | null {
    return this.#listings.first ?? this.#others.first;
  }
}

/** Whether a job is a scan or plan. They go first, because they find work for others. */
export function isListing(job: Job): boolean {
  return job.kind === 'operation' && job.operation.kind !== 'verify';
}

/** The places of a lane. A verification takes all cores. */
export type LanePlaces = { readonly work: Places; readonly verification: Places };

/** The kind of place that a job needs. */
export function workOf(job: Job): keyof LanePlaces {
  return job.kind !== 'chain' && job.operation.kind === 'verify' ? 'verification' : 'work';
}

/** The places for one kind of work in one lane, and the work that waits for them. */
export class Places {
  free: number;
  /** Number of places that a run takes once it may hold much memory. */
  readonly ofLargeRun: number;
  /** Time that a run may wait for storage before it gives way to another bucket, in milliseconds. */
  readonly slowAfterMs: number;
  /**
   * Runs that released their place and want one again. They take turns with jobs that have not started, and go first.
   */
  readonly resuming = new LinkedList<Runner>();
  /** Whether a job that has not started is next. */
  startsNext = false;
  /** Shares that have jobs to start, in the order of their turns. */
  readonly turns = new LinkedList<Share>();

  /** Whether work may wait elsewhere. */
  readonly #isFed: boolean;

  constructor(count: number, ofLargeRun: number, slowAfterMs: number, isFed: boolean) {
    this.free = count;
    this.ofLargeRun = Math.min(ofLargeRun, count);
    this.slowAfterMs = slowAfterMs;
    this.#isFed = isFed;
  }

  /** Whether work of another bucket waits for one of the places, or may wait elsewhere. */
  isWantedBeside(bucket: BucketWork): boolean {
    if (this.#isFed) return true;
    for (let share = this.turns.first; share !== null; share = share.after) if (share.bucket !== bucket) return true;
    const resuming = this.resuming.first;
    return resuming !== null && resuming.entry.group.bucket !== bucket;
  }
}
