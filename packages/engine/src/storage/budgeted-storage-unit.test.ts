import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listKeys } from '../testing/listed-keys.ts';
import { VirtualTime } from '../testing/virtual-time.ts';
import { BucketBudget } from './bucket-budget.ts';
import { budgetRequests } from './budgeted-storage-unit.ts';
import { StorageError, type StorageUnit } from './port.ts';
import { collect, expectCode, listAll } from './storage-conformance.ts';

const hourMs = 3600 * 1000;

const slowDown = (retryAfterMs: number | null = null) => new StorageError('throttled', 'slow down', { retryAfterMs });

/** A budgeted unit in virtual time. `answer` is called as each request begins, and may throw. */
function openBudgeted(
  limits: { requestsPerSecond: number; requestsInFlight: number },
  answer: (asked: number, nowMs: number) => void | Promise<void> = () => {},
) {
  const time = new VirtualTime();
  const askedAtMs: number[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const keys = listKeys(Array.from({ length: 2500 }, (_, index) => `f${index % 1500}/${index}`));
  const begin = async () => {
    askedAtMs.push(time.clock.monotonicMs());
    inFlight += 1;
    mostInFlight = Math.max(mostInFlight, inFlight);
    try {
      await answer(askedAtMs.length, time.clock.monotonicMs());
    } finally {
      inFlight -= 1;
    }
  };
  async function* beginEach<Page>(pages: AsyncIterable<Page>): AsyncGenerator<Page> {
    for await (const page of pages) {
      await begin();
      yield page;
    }
  }
  const inner: StorageUnit = {
    ...keys,
    list: (request) => beginEach(keys.list(request)),
    listFolders: (request) => beginEach(keys.listFolders(request)),
    async head() {
      await begin();
      return { size: 1, etag: null, modifiedAtMs: 0, encryptedByKey: false };
    },
  };
  const unit = budgetRequests(inner, () => new BucketBudget(limits, time.clock, time.sleep));
  return { unit, time, askedAtMs, mostInFlight: () => mostInFlight, passedMs: () => time.clock.monotonicMs() };
}

const heads = (unit: StorageUnit, count: number, bucket = 'a') =>
  Promise.all(Array.from({ length: count }, () => unit.head({ bucket, key: 'k' })));

describe('a budget', () => {
  test('is never exceeded in any second, except by a tenth after a pause', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 400 }), async (perSecond, count) => {
        const { unit, time, askedAtMs } = openBudgeted({ requestsPerSecond: perSecond, requestsInFlight: 1000 });
        await time.until(heads(unit, count));
        for (const fromMs of askedAtMs) {
          const within = askedAtMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + 999);
          expect(within.length).toBeLessThanOrEqual(Math.ceil(perSecond * 1.1) + 1);
        }
        expect(askedAtMs.at(-1)).toBeLessThanOrEqual((count / perSecond) * 1000);
      }),
      { numRuns: 30 },
    );
  });

  test('limits the requests in flight, even if some fail', async () => {
    const { unit, time, mostInFlight } = openBudgeted(
      { requestsPerSecond: 1e6, requestsInFlight: 3 },
      async (asked) => {
        for (let turn = 0; turn < 9; turn += 1) await new Promise(setImmediate);
        if (asked % 2 === 0) throw new StorageError('unreachable', 'gone');
      },
    );
    await time.until(Promise.allSettled(Array.from({ length: 20 }, () => unit.head({ bucket: 'a', key: 'k' }))));
    expect(mostInFlight()).toBe(3);
  });

  test.each([-hourMs, 25 * hourMs, -180 * 24 * hourMs, 180 * 24 * hourMs])(
    'keeps its rate and its pauses after the wall clock was set by %d ms',
    async (stepMs) => {
      const { unit, time, askedAtMs, passedMs } = openBudgeted(
        { requestsPerSecond: 10, requestsInFlight: 9 },
        (asked) => {
          if (asked === 4) time.step(stepMs);
          if (asked === 8) throw slowDown(30_000);
          if (asked === 9) time.step(stepMs);
        },
      );
      await time.until(heads(unit, 20));
      expect(askedAtMs).toHaveLength(21);
      expect(passedMs()).toBeGreaterThanOrEqual(30_000);
      expect(passedMs()).toBeLessThan(33_000);
    },
  );

  test('is separate for each bucket', async () => {
    const { unit, time, passedMs } = openBudgeted({ requestsPerSecond: 1, requestsInFlight: 9 });
    await time.until(Promise.all([heads(unit, 3, 'a'), heads(unit, 3, 'b')]));
    expect(passedMs()).toBe(2000);
  });
});

describe('a service that asks for fewer requests', () => {
  test('gets no requests for as long as it says, then those that waited', async () => {
    const { unit, time, askedAtMs } = openBudgeted({ requestsPerSecond: 100, requestsInFlight: 9 }, (asked) => {
      if (asked === 3) throw slowDown(30_000);
    });
    await time.until(heads(unit, 6));
    const thirdAtMs = askedAtMs[2] ?? 0;
    expect(askedAtMs.slice(0, 3).every((atMs) => atMs < 1000)).toBe(true);
    expect(askedAtMs).toHaveLength(7);
    for (const atMs of askedAtMs.slice(3)) expect(atMs).toBeGreaterThanOrEqual(thirdAtMs + 30_000);
  });

  test('gets half as many, then more again as it answers', async () => {
    const { unit, time, askedAtMs } = openBudgeted({ requestsPerSecond: 100, requestsInFlight: 1 }, (asked) => {
      if (asked === 1) throw slowDown(1000);
    });
    await time.until(heads(unit, 400));
    const gapMs = (index: number) => (askedAtMs[index + 1] ?? 0) - (askedAtMs[index] ?? 0);
    // After the requests that came due during the pause.
    expect(gapMs(20)).toBeGreaterThan(14);
    expect(gapMs(20)).toBeLessThan(21);
    expect(gapMs(398)).toBeCloseTo(10, 5);
  });

  test('gets longer pauses each time if it does not say how long, until the request fails', async () => {
    const { unit, time, askedAtMs } = openBudgeted({ requestsPerSecond: 100, requestsInFlight: 9 }, () => {
      throw slowDown();
    });
    await time.until(expectCode('throttled', unit.head({ bucket: 'a', key: 'k' })));
    expect(askedAtMs).toEqual([0, 1000, 3000, 7000, 15_000, 31_000]);
  });

  test('gets a pause of at most five minutes', async () => {
    const { unit, time, passedMs } = openBudgeted({ requestsPerSecond: 100, requestsInFlight: 9 }, (asked) => {
      if (asked === 1) throw slowDown(86_400_000);
    });
    await time.until(heads(unit, 1));
    expect(passedMs()).toBe(300_000);
  });

  test('in the middle of a listing does not make it incomplete', async () => {
    const { unit, time } = openBudgeted({ requestsPerSecond: 100, requestsInFlight: 9 }, (asked) => {
      if (asked === 2 || asked === 3) throw slowDown();
    });
    const entries = await time.until(listAll(unit, 'a'));
    expect(new Set(entries.map(({ key }) => key)).size).toBe(2500);
    expect(entries).toHaveLength(2500);
    const folded = openBudgeted({ requestsPerSecond: 100, requestsInFlight: 9 }, (asked) => {
      if (asked === 2) throw slowDown();
    });
    const pages = await folded.time.until(collect(folded.unit.listFolders({ bucket: 'a', prefix: '' })));
    expect(pages.flat()).toHaveLength(1500);
    expect(new Set(pages.flat()).size).toBe(1500);
  });

  test('is no longer waited for once the signal is aborted', async () => {
    const stopping = new AbortController();
    const reason = new Error('stopped by the test');
    const { unit, time } = openBudgeted({ requestsPerSecond: 100, requestsInFlight: 9 }, () => {
      setImmediate(() => stopping.abort(reason));
      throw slowDown(60_000);
    });
    const stopped = unit.head({ bucket: 'a', key: 'k', signal: stopping.signal });
    await expect(time.until(stopped)).rejects.toBe(reason);
  });
});

test('any other failure is thrown immediately', async () => {
  const { unit, time, askedAtMs } = openBudgeted({ requestsPerSecond: 100, requestsInFlight: 9 }, () => {
    throw new StorageError('unreachable', 'gone');
  });
  await time.until(expectCode('unreachable', unit.head({ bucket: 'a', key: 'k' })));
  expect(askedAtMs).toHaveLength(1);
});
