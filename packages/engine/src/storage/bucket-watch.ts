import type { Outage, Outages } from './outage.ts';
import { WatchedBucket, type WatchedBucketOptions } from './watched-bucket.ts';

export type BucketWatchOptions = Omit<WatchedBucketOptions, 'onChange'>;

/** Tracks the buckets that work uses, and which of them do not answer. */
export class BucketWatch implements Outages, AsyncDisposable {
  readonly #options: BucketWatchOptions;
  /** By storage unit, then by name. */
  readonly #buckets = new Map<string, Map<string, WatchedBucket>>();
  readonly #inOutage = new Set<WatchedBucket>();
  #onChange: (bucket: WatchedBucket) => void = () => {};

  private constructor(options: BucketWatchOptions) {
    this.#options = options;
  }

  /** Opens a watch that continues the stored outages. Throws the errors of the store. */
  static async open(options: BucketWatchOptions): Promise<BucketWatch> {
    const watch = new BucketWatch(options);
    for (const outage of await options.store.listOutages()) {
      watch.bucket(outage.storageUnitId, outage.bucketName).takeUp(outage);
    }
    return watch;
  }

  /** Follows the outages that other nodes have stored or ended. Throws the errors of the store. */
  async look(): Promise<void> {
    const stored = new Map<WatchedBucket, Outage>();
    for (const outage of await this.#options.store.listOutages()) {
      stored.set(this.bucket(outage.storageUnitId, outage.bucketName), outage);
    }
    for (const ofUnit of this.#buckets.values()) {
      for (const bucket of ofUnit.values()) bucket.follow(stored.get(bucket) ?? null);
    }
  }

  /** Calls `onChange` whenever something new is known about a bucket. */
  listen(onChange: (bucket: WatchedBucket) => void): void {
    this.#onChange = onChange;
  }

  of(storageUnitId: string, bucketName: string): Outage | null {
    return this.#buckets.get(storageUnitId)?.get(bucketName)?.outage ?? null;
  }

  bucket(storageUnitId: string, bucketName: string): WatchedBucket {
    const ofUnit = this.#buckets.get(storageUnitId) ?? new Map<string, WatchedBucket>();
    this.#buckets.set(storageUnitId, ofUnit);
    const known = ofUnit.get(bucketName);
    if (known !== undefined) return known;
    const bucket = new WatchedBucket(storageUnitId, bucketName, {
      ...this.#options,
      onChange: (changed) => {
        if (changed.outage === null) this.#inOutage.delete(changed);
        else this.#inOutage.add(changed);
        this.#onChange(changed);
      },
    });
    ofUnit.set(bucketName, bucket);
    return bucket;
  }

  /** The buckets that do not answer. The queue starts their probes when they are due. */
  get inOutage(): Iterable<WatchedBucket> {
    return this.#inOutage;
  }

  /** Waits until all changes are stored. All work must have ended, because it could cause more. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const ofUnit of this.#buckets.values()) for (const bucket of ofUnit.values()) await bucket.stored;
  }
}
