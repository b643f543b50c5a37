import type { Clock } from '../clock.ts';
import type { StorageUnit } from './port.ts';

/** Speed of a bucket's answers. Each value is null until it was measured. */
export type StorageRate = {
  /** Milliseconds for a page of a listing. */
  readonly listMs: number | null;
  /** Milliseconds until the first bytes of an object arrive. */
  readonly getMs: number | null;
  /** Milliseconds per byte, including the time that the reader takes. */
  readonly byteMs: number | null;
};

const unmeasured: StorageRate = { listMs: null, getMs: null, byteMs: null };

/** Share of the earlier measurements that each new one keeps, so that about the last fifty count. */
const keptShare = 0.98;

/**
 * Measures for each bucket how long requests take, as a moving mean in memory. Failed requests do not count. Closing
 * the measured unit closes `unit`.
 */
export function measureStorage(
  unit: StorageUnit,
  clock: Clock,
): { readonly unit: StorageUnit; rateOf(bucketName: string): StorageRate } {
  const buckets = new Map<string, BucketRate>();
  const rateOf = (bucketName: string) => {
    const known = buckets.get(bucketName) ?? new BucketRate();
    buckets.set(bucketName, known);
    return known;
  };

  async function* measureBody(body: AsyncIterable<Uint8Array>, rate: BucketRate): AsyncGenerator<Uint8Array> {
    const beganMs = clock.monotonicMs();
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      yield chunk;
    }
    rate.bytes.add(bytes, clock.monotonicMs() - beganMs);
  }

  async function* measurePages<Page>(pages: AsyncIterable<Page>, rate: BucketRate): AsyncGenerator<Page> {
    let beganMs = clock.monotonicMs();
    for await (const page of pages) {
      rate.lists.add(1, clock.monotonicMs() - beganMs);
      yield page;
      beganMs = clock.monotonicMs();
    }
  }

  const measured: StorageUnit = {
    id: unit.id,
    listsRanges: unit.listsRanges,
    list: (request) => measurePages(unit.list(request), rateOf(request.bucket)),
    listFolders: (request) => measurePages(unit.listFolders(request), rateOf(request.bucket)),
    async get(request) {
      const beganMs = clock.monotonicMs();
      const content = await unit.get(request);
      const rate = rateOf(request.bucket);
      rate.gets.add(1, clock.monotonicMs() - beganMs);
      return { ...content, body: measureBody(content.body, rate) };
    },
    async head(request) {
      const beganMs = clock.monotonicMs();
      const head = await unit.head(request);
      rateOf(request.bucket).gets.add(1, clock.monotonicMs() - beganMs);
      return head;
    },
    async admit(request) {
      const beganMs = clock.monotonicMs();
      const note = await unit.admit(request);
      const answeredMs = clock.monotonicMs();
      const rate = rateOf(request.bucket);
      const requests = request.kind === 'list' ? rate.lists : rate.gets;
      requests.add(1, answeredMs - beganMs);
      return (bytesRead) => {
        rate.bytes.add(bytesRead, clock.monotonicMs() - answeredMs);
        note(bytesRead);
      };
    },
    [Symbol.asyncDispose]: () => unit[Symbol.asyncDispose](),
  };
  return { unit: measured, rateOf: (bucketName) => buckets.get(bucketName)?.rate() ?? unmeasured };
}

class BucketRate {
  readonly lists = new MovingMean();
  readonly gets = new MovingMean();
  readonly bytes = new MovingMean();

  rate(): StorageRate {
    return { listMs: this.lists.meanMs(), getMs: this.gets.meanMs(), byteMs: this.bytes.meanMs() };
  }
}

/** Mean time per item. Each measurement may cover several items. */
class MovingMean {
  #amount = 0;
  #tookMs = 0;

  add(amount: number, tookMs: number): void {
    if (amount === 0) return;
    this.#amount = this.#amount * keptShare + amount;
    this.#tookMs = this.#tookMs * keptShare + tookMs;
  }

  meanMs(): number | null {
    return this.#amount === 0 ? null : this.#tookMs / this.#amount;
  }
}
