import { backoffMs } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import { duration } from './duration.ts';
import { describeBucket } from './names.ts';
import type { Outage, OutageStore } from './outage.ts';
import type { StorageError } from './port.ts';
import type { StorageWait, WaitOutcome } from './watched-storage-unit.ts';

/** Without an answer for so long, a bucket is silent. Milliseconds. */
export const silentAfterMs = 1_000;
/** Milliseconds from a failed probe to the next, before they are spread. */
const probeBackoff = { firstMs: 1_000, longestMs: 60_000 };
/** Objects and prefixes remembered as failing by themselves, at most. */
const suspectsMax = 1_000;
/** Wall clocks are corrected by less all the time. Milliseconds. */
const clockToleranceMs = 1_000;

export type WatchedBucketOptions = {
  readonly clock: Clock;
  readonly store: OutageStore;
  /** A number from 0 to 1, below 1: back-off is spread by it. */
  readonly random: () => number;
  /** Told in plain sentences when an outage begins and when it ends. */
  readonly onNotice: (text: string) => void;
  /** Told when an outage cannot be stored. It stays in force in this process. */
  readonly onFault: (error: unknown) => void;
  /** Told of each probe that fails. */
  readonly onFailedAgain: (outage: Outage) => void;
  /** Told each time that something was learned of the bucket. */
  readonly onChange: (bucket: WatchedBucket) => void;
};

/** The one job that may ask a bucket during an outage. A job makes many requests and is one probe. */
export type Probe = { hasFailed: boolean };

/** What a bucket lets start: every job, one that probes it, or none for now. */
export type Admission = 'every job' | 'a probe' | 'none';

type Wait = {
  readonly subject: string;
  readonly of: StorageWait;
  readonly beganMs: number;
  readonly answersBefore: number;
};

/**
 * What is known of one bucket.
 *
 * It is silent while its oldest wait is longer than {@link silentAfterMs} and nothing came since that began. It is in an
 * outage from a request that ended `unreachable` or `throttled`, with nothing answered since that request began, to the
 * next answer. A refusal (`access_denied`, `object_not_found`, …) is an answer.
 *
 * An object or prefix that fails begins one outage at most until it is answered: if it fails again although the bucket
 * answers, it is at fault, not the bucket.
 */
export class WatchedBucket {
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly #options: WatchedBucketOptions;
  /** In the order in which they began. */
  readonly #waits = new Set<Wait>();
  #answers = 0;
  #outage: Outage | null = null;
  #outageBeganMs = 0;
  #nextProbeMs = 0;
  #probe: Probe | null = null;
  /** Objects and prefixes that began an outage, or prolonged one, and have not been answered since. */
  readonly #suspects = new Set<string>();
  /** What is stored of outages, one step after the other. */
  #stored: Promise<void> = Promise.resolve();
  /** Outages that are over, and not yet so in the store. */
  #ending = 0;

  constructor(storageUnitId: string, bucketName: string, options: WatchedBucketOptions) {
    this.storageUnitId = storageUnitId;
    this.bucketName = bucketName;
    this.#options = options;
  }

  /** Fulfilled when all that is to be stored is. */
  get stored(): Promise<void> {
    return this.#stored;
  }

  get outage(): Outage | null {
    return this.#outage === null ? null : { ...this.#outage, beganAtMs: this.#beganAtMs(this.#outage) };
  }

  /** When the next probe may start, in monotonic milliseconds; null: not before something else happens. */
  get nextProbeMs(): number | null {
    return this.#outage === null || this.#probe !== null ? null : this.#nextProbeMs;
  }

  admission(): Admission {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#outage !== null) return this.#probe === null && nowMs >= this.#nextProbeMs ? 'a probe' : 'none';
    // What waits for the bucket is told by the store that it may go on; before that, it would find nothing to do.
    if (this.#ending > 0) return 'none';
    const [oldest] = this.#waits;
    const isSilent =
      oldest !== undefined && nowMs - oldest.beganMs >= silentAfterMs && oldest.answersBefore === this.#answers;
    return isSilent ? 'none' : 'every job';
  }

  /** A job starts to probe the bucket. */
  beginProbe(): Probe {
    this.#probe = { hasFailed: false };
    return this.#probe;
  }

  /** The job has ended. If it asked the bucket nothing, the next one follows after the shortest pause. */
  endProbe(probe: Probe): void {
    if (this.#probe !== probe) return;
    this.#probe = null;
    if (!probe.hasFailed) this.#nextProbeMs = this.#options.clock.monotonicMs() + probeBackoff.firstMs;
    this.#options.onChange(this);
  }

  /** As `StorageWatcher` has it, for a job that may be a probe of this bucket. */
  begin(subject: string, of: StorageWait, probe: Probe | null): (outcome: WaitOutcome) => void {
    const wait: Wait = { subject, of, beganMs: this.#options.clock.monotonicMs(), answersBefore: this.#answers };
    this.#waits.add(wait);
    return (outcome) => {
      this.#waits.delete(wait);
      if (outcome === 'answered') this.#noteAnswer(subject);
      else if (outcome !== 'nothing') this.#noteFailure(wait, outcome, probe);
      this.#options.onChange(this);
    };
  }

  /** An outage that an earlier process has stored is in force. */
  takeUp(outage: Outage): void {
    const { clock } = this.#options;
    this.#outage = outage;
    this.#outageBeganMs = clock.monotonicMs() - Math.max(0, clock.nowMs() - outage.beganAtMs);
    // A clock that was set back meanwhile must not put the probe off.
    const waitsMs = Math.min(Math.max(0, outage.notBeforeMs - clock.nowMs()), probeBackoff.longestMs);
    this.#nextProbeMs = clock.monotonicMs() + waitsMs;
    this.#options.onChange(this);
  }

  #noteAnswer(subject: string): void {
    this.#answers += 1;
    this.#suspects.delete(subject);
    if (this.#outage === null) return;
    const lastedMs = this.#options.clock.monotonicMs() - this.#outageBeganMs;
    this.#outage = null;
    this.#probe = null;
    this.#options.onNotice(
      `${capital(describeBucket(this.bucketName))} answers again after ${duration(lastedMs)}. Its work goes on.`,
    );
    this.#ending += 1;
    this.#store(async (store) => {
      try {
        await store.endOutage(this.storageUnitId, this.bucketName);
      } finally {
        this.#ending -= 1;
        this.#options.onChange(this);
      }
    });
  }

  #noteFailure(wait: Wait, error: StorageError, probe: Probe | null): void {
    // Bytes that stop coming are of a request that was answered.
    if (wait.of === 'bytes' || wait.answersBefore !== this.#answers) return;
    if (this.#outage === null) {
      if (this.#suspects.has(wait.subject)) return;
      this.#suspect(wait.subject);
      this.#outageBeganMs = this.#options.clock.monotonicMs();
      const outage = this.#putOff(error, this.#options.clock.nowMs(), 1);
      const [state, end] =
        outage.fault.code === 'storage_throttled'
          ? ['accepts no more requests', 'accepts them']
          : ['does not answer', 'answers'];
      this.#options.onNotice(
        `${capital(describeBucket(this.bucketName))} ${state}: ${sentence(error.message)} Its work waits until it ${end} again.`,
      );
      return;
    }
    if (probe === null || probe !== this.#probe || probe.hasFailed) return;
    probe.hasFailed = true;
    this.#suspect(wait.subject);
    this.#options.onFailedAgain(this.#putOff(error, this.#beganAtMs(this.#outage), this.#outage.attempts + 1));
  }

  #suspect(subject: string): void {
    this.#suspects.add(subject);
    const [oldest] = this.#suspects;
    if (this.#suspects.size > suspectsMax && oldest !== undefined) this.#suspects.delete(oldest);
  }

  /** By the wall clock as it is now. If that was set since, the outage is as old as before. */
  #beganAtMs({ beganAtMs }: Outage): number {
    const { clock } = this.#options;
    const nowBeganAtMs = Math.round(clock.nowMs() - (clock.monotonicMs() - this.#outageBeganMs));
    return Math.abs(nowBeganAtMs - beganAtMs) > clockToleranceMs ? nowBeganAtMs : beganAtMs;
  }

  /** The next probe waits longer than this one did. */
  #putOff(error: StorageError, beganAtMs: number, attempts: number): Outage {
    const { clock, random } = this.#options;
    // Buckets of one service fail together, and are not to be probed together.
    const waitsMs = Math.round(backoffMs(probeBackoff, attempts - 1, random()));
    const notBeforeMs = clock.nowMs() + waitsMs;
    // Read second: by then, what is stored is due as well.
    this.#nextProbeMs = clock.monotonicMs() + waitsMs;
    const outage: Outage = {
      storageUnitId: this.storageUnitId,
      bucketName: this.bucketName,
      fault: { code: error.code === 'throttled' ? 'storage_throttled' : 'storage_unreachable', detail: error.message },
      beganAtMs,
      attempts,
      notBeforeMs,
    };
    this.#outage = outage;
    this.#store((store) => store.saveOutage(outage));
    return outage;
  }

  #store(step: (store: OutageStore) => Promise<void>): void {
    const { store, onFault } = this.#options;
    this.#stored = this.#stored.then(() => step(store)).catch(onFault);
  }
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
