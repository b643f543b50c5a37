import { backoffMs } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log-events.ts';
import { duration } from './duration.ts';
import { describeBucket } from './names.ts';
import type { Outage, OutageStore } from './outage.ts';
import type { StorageError } from './port.ts';
import type { StorageWait, WaitOutcome } from './watched-storage-unit.ts';

/** A bucket is silent after this time without an answer. Milliseconds. */
export const silentAfterMs = 1_000;
/** Milliseconds from a failed probe to the next, before random spreading. */
const probeBackoff = { firstMs: 1_000, longestMs: 60_000 };
/** Maximum number of objects and prefixes that are remembered as failing by themselves. */
const suspectsMax = 1_000;
/** Smaller corrections of the wall clock are normal. Milliseconds. */
const clockToleranceMs = 1_000;

export type WatchedBucketOptions = {
  readonly clock: Clock;
  readonly store: OutageStore;
  /** Returns a number from 0 to below 1, which spreads the back-off. */
  readonly random: () => number;
  readonly log: Log;
  /** Called when an outage cannot be stored. It still applies in this process. */
  readonly onFault: (error: unknown) => void;
  /** Called for each failed probe. */
  readonly onFailedAgain: (outage: Outage) => void;
  /** Called whenever something new is known about the bucket. */
  readonly onChange: (bucket: WatchedBucket) => void;
};

/** The one job that may make requests to a bucket during an outage. All its requests are one probe. */
export type Probe = { hasFailed: boolean };

/** Which jobs may start on a bucket: every job, one probe, or none for now. */
export type Admission = 'every job' | 'a probe' | 'none';

type Wait = {
  readonly subject: string;
  readonly of: StorageWait;
  readonly beganMs: number;
  readonly answersBefore: number;
};

/**
 * Tracks whether one bucket answers.
 *
 * - Silent: the oldest wait has lasted at least {@link silentAfterMs}, and nothing was answered since it began.
 * - Outage: begins with a request that ended `unreachable` or `throttled`, if nothing was answered since that request
 *   began. It ends with the next answer.
 *
 * A refusal (`access_denied`, `object_not_found`, …) is an answer. A failing object or prefix begins at most one outage
 * until it is answered: if it fails again while the bucket answers, the object is at fault, not the bucket.
 */
export class WatchedBucket {
  readonly storageUnitId: string;
  readonly bucketName: string;
  readonly #options: WatchedBucketOptions;
  /** In the order in which the waits began. */
  readonly #waits = new Set<Wait>();
  #answers = 0;
  #outage: Outage | null = null;
  #outageBeganMs = 0;
  #nextProbeMs = 0;
  #probe: Probe | null = null;
  /** Whether a request of this process has failed in the outage. Otherwise it is known only from the store. */
  #isOwn = false;
  /** Number of answers at the last look at the store. */
  #answersAtLook = 0;
  /** The outage that was stored at the last look, if it is not followed because the bucket answers here. */
  #doubted: Outage | null = null;
  /** Objects and prefixes that began or prolonged an outage and have not been answered since. */
  readonly #suspects = new Set<string>();
  /** Stores changes of outages one after the other. */
  #stored: Promise<void> = Promise.resolve();
  /** Number of changes that are not stored yet. */
  #unstored = 0;
  /** Number of outages that are over but still in the store. */
  #ending = 0;

  constructor(storageUnitId: string, bucketName: string, options: WatchedBucketOptions) {
    this.storageUnitId = storageUnitId;
    this.bucketName = bucketName;
    this.#options = options;
  }

  /** Resolves when all changes so far are stored. */
  get stored(): Promise<void> {
    return this.#stored;
  }

  get outage(): Outage | null {
    return this.#outage === null ? null : { ...this.#outage, beganAtMs: this.#beganAtMs(this.#outage) };
  }

  /** Monotonic time in milliseconds at which the next probe may start; null while none is needed or one runs. */
  get nextProbeMs(): number | null {
    return this.#outage === null || this.#probe !== null ? null : this.#nextProbeMs;
  }

  admission(): Admission {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#outage !== null) return this.#probe === null && nowMs >= this.#nextProbeMs ? 'a probe' : 'none';
    // The store releases the work that waits for the bucket. Before that, jobs would find nothing to do.
    if (this.#ending > 0) return 'none';
    const [oldest] = this.#waits;
    const isSilent =
      oldest !== undefined && nowMs - oldest.beganMs >= silentAfterMs && oldest.answersBefore === this.#answers;
    return isSilent ? 'none' : 'every job';
  }

  /** Marks the start of a job that probes the bucket. */
  beginProbe(): Probe {
    this.#probe = { hasFailed: false };
    return this.#probe;
  }

  /**
   * Marks the end of the probing job. If it got neither answer nor failure, the next probe follows the shortest pause.
   */
  endProbe(probe: Probe): void {
    if (this.#probe !== probe) return;
    this.#probe = null;
    if (!probe.hasFailed) this.#nextProbeMs = this.#options.clock.monotonicMs() + probeBackoff.firstMs;
    this.#options.onChange(this);
  }

  /** Begins a wait as in `StorageWatcher`, for a job that may be a probe of this bucket. */
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

  /** Continues an outage that another process stored. */
  takeUp(outage: Outage): void {
    const { clock } = this.#options;
    this.#outage = outage;
    this.#isOwn = false;
    this.#outageBeganMs = clock.monotonicMs() - Math.max(0, clock.nowMs() - outage.beganAtMs);
    // A clock that was set back meanwhile must not delay the probe.
    const waitsMs = Math.min(Math.max(0, outage.notBeforeMs - clock.nowMs()), probeBackoff.longestMs);
    this.#nextProbeMs = clock.monotonicMs() + waitsMs;
    this.#options.onChange(this);
  }

  /**
   * Follows what several nodes have stored: the outage of this bucket, or null.
   *
   * An answer on any node ends the outage. If the bucket does not answer here, it is probed at once, because it answered
   * elsewhere. If it answers here although others cannot reach it, the outage ends too.
   */
  follow(stored: Outage | null): void {
    const hasAnswered = this.#answers !== this.#answersAtLook;
    this.#answersAtLook = this.#answers;
    const doubted = this.#doubted;
    this.#doubted = null;
    // What this process has learned is newer.
    if (this.#unstored > 0) return;
    if (stored === null) this.#followEnd();
    else if (this.#outage !== null) this.#followProbes(this.#outage, stored);
    else if (!hasAnswered) this.takeUp(stored);
    // The answers may be older than the failure of the other node, unless more have come since the look before.
    else if (doubted === null || doubted.attempts !== stored.attempts) this.#doubted = stored;
    else this.#endStored();
  }

  #followEnd(): void {
    if (this.#outage === null) return;
    if (this.#isOwn) this.#nextProbeMs = Math.min(this.#nextProbeMs, this.#options.clock.monotonicMs());
    else {
      this.#outage = null;
      this.#probe = null;
    }
    this.#options.onChange(this);
  }

  /** After the probe of another node has failed, the next one is due as late here. */
  #followProbes(known: Outage, stored: Outage): void {
    if (stored.notBeforeMs <= known.notBeforeMs || this.#probe !== null) return;
    const isOwn = this.#isOwn;
    this.takeUp(stored);
    this.#isOwn = isOwn;
  }

  #noteAnswer(subject: string): void {
    this.#answers += 1;
    this.#suspects.delete(subject);
    if (this.#outage === null) return;
    const lastedMs = this.#options.clock.monotonicMs() - this.#outageBeganMs;
    this.#outage = null;
    this.#probe = null;
    this.#options.log(
      'outage.ended',
      `${capital(describeBucket(this.bucketName))} answers again after ${duration(lastedMs)}. Its work continues.`,
      { bucket: this.bucketName, duration_ms: Math.round(lastedMs) },
    );
    this.#endStored();
  }

  #endStored(): void {
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
    // If bytes stop arriving, their request was answered before.
    if (wait.of === 'bytes' || wait.answersBefore !== this.#answers) return;
    this.#isOwn = true;
    if (this.#outage === null) {
      if (this.#suspects.has(wait.subject)) return;
      this.#suspect(wait.subject);
      this.#outageBeganMs = this.#options.clock.monotonicMs();
      const outage = this.#putOff(error, this.#options.clock.nowMs(), 1);
      const [state, end] =
        outage.fault.code === 'storage_throttled'
          ? ['accepts no more requests', 'accepts them']
          : ['does not answer', 'answers'];
      this.#options.log(
        'outage.began',
        `${capital(describeBucket(this.bucketName))} ${state}: ${sentence(error.message)} Its work waits until it ${end} again.`,
        { bucket: this.bucketName, reason: outage.fault.code },
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

  /** The start of an outage by the current wall clock. If the clock was set since, the outage keeps its age. */
  #beganAtMs({ beganAtMs }: Outage): number {
    const { clock } = this.#options;
    const nowBeganAtMs = Math.round(clock.nowMs() - (clock.monotonicMs() - this.#outageBeganMs));
    return Math.abs(nowBeganAtMs - beganAtMs) > clockToleranceMs ? nowBeganAtMs : beganAtMs;
  }

  /** Records the failure and schedules the next probe, with a longer wait than before. */
  #putOff(error: StorageError, beganAtMs: number, attempts: number): Outage {
    const { clock, random } = this.#options;
    // Buckets of one service fail together, but should not be probed together.
    const waitsMs = Math.round(backoffMs(probeBackoff, attempts - 1, random()));
    const notBeforeMs = clock.nowMs() + waitsMs;
    // Read after the wall clock, so that the stored time is due too when the probe is.
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
    this.#unstored += 1;
    this.#stored = this.#stored
      .then(() => step(store))
      .catch(onFault)
      .finally(() => {
        this.#unstored -= 1;
      });
  }
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
