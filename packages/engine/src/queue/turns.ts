import type { Lane } from '../catalogue/operation-records.ts';
import type { WatchedBucket } from '../storage/watched-bucket.ts';
import { type Linked, LinkedList } from './linked-list.ts';
import type { Job } from './port.ts';

/** A job at work, as seen by who gives out the places: see run.ts. */
export interface Runner extends Linked<Runner> {
  readonly entry: Entry;
  /** Its lane was raised. */
  moveTo(places: Places): void;
  /** Takes one of the places again. */
  resume(): void;
}

/** A job that was added and has not ended. */
export class Entry implements Linked<Entry> {
  readonly job: Job;
  readonly group: Group;
  lane: Lane;
  /** Ready ones are in a share of their group; the others wait for their time, or run. */
  state: 'waits' | 'ready' | 'runs' = 'waits';
  /** When it may start, in monotonic milliseconds, while it waits. */
  dueMs = 0;
  /** Times in a row that its work threw. */
  failures = 0;
  /** It was added again while it ran, with this time. */
  again: { dueMs: number | null } | null = null;
  /** While it runs. */
  run: Runner | null = null;
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
  readonly operations = new Map<string, Entry>();
  readonly shares = new Map<Places, Share>();

  constructor(bucket: BucketWork) {
    this.bucket = bucket;
  }

  shareOf(places: Places): Share {
    const share = this.shares.get(places) ?? new Share(places, this.bucket);
    this.shares.set(places, share);
    return share;
  }
}

/** A bucket's work in the queue. */
export class BucketWork {
  readonly bucket: WatchedBucket;
  /** Shares that are to start nothing for now. */
  readonly held = new LinkedList<Share>();
  /** Runs that gave their place back, by what they want one of. */
  readonly #suspended = new Map<Places, number>();

  constructor(bucket: WatchedBucket) {
    this.bucket = bucket;
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
  /** Scans and plans: they find work for others, so they go first. */
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
    const lists = entry.job.kind === 'operation' && entry.job.operation.kind !== 'verify';
    (lists ? this.#listings : this.#others).push(entry);
    if (this.list === null) this.joinTurns();
  }

  remove(entry: Entry): void {
    entry.list?.remove(entry);
    if (this.#next === null) this.list?.remove(this);
  }

  /** Takes out the next to start. The share's next turn comes after those of all others. */
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

  /** Starts nothing until its bucket lets it. */
  hold(): void {
    this.list?.remove(this);
    this.bucket.held.push(this);
  }

  get #next(): Entry | null {
    return this.#listings.first ?? this.#others.first;
  }
}

/** The places of one kind of work in one lane, and what waits for them. */
export class Places {
  free: number;
  /** Milliseconds of waits for storage after which a run gives way to another bucket. */
  readonly slowAfterMs: number;
  /** Runs that gave their place back and want one again. They and what has not started take turns, they first. */
  readonly resuming = new LinkedList<Runner>();
  /** Whether what has not started is next. */
  startsNext = false;
  /** Shares that have jobs to start, in the order of their turns. */
  readonly turns = new LinkedList<Share>();

  constructor(count: number, slowAfterMs: number) {
    this.free = count;
    this.slowAfterMs = slowAfterMs;
  }

  /** Whether anything waits for one of the places that is not of this bucket. */
  isWantedBeside(bucket: BucketWork): boolean {
    for (let share = this.turns.first; share !== null; share = share.after) if (share.bucket !== bucket) return true;
    const resuming = this.resuming.first;
    return resuming !== null && resuming.entry.group.bucket !== bucket;
  }
}
