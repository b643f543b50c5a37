import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChainCost, costOfHashes, ForecastTally } from './forecast.ts';

const rate = { listMs: 20, getMs: 10, byteMs: 0.001 };
const amounts = fc.nat({ max: 1_000_000 });
const chains = fc.array(
  fc.record({ bucketName: fc.constantFrom('a', 'b'), lists: amounts, gets: amounts, bytesRead: amounts }),
  { maxLength: 8 },
);

function forecastSync(
  costs: readonly ChainCost[],
  rateOf: ConstructorParameters<typeof ForecastTally>[0],
  atOnce: number,
) {
  const tally = new ForecastTally(rateOf, atOnce);
  for (const cost of costs) tally.add(cost);
  return tally.finish();
}

function object(key: string, bytes: number) {
  return { bucketName: 'bucket', key, bytes };
}

test('hashes that two edges need are read once, unless they are too many to keep in memory', () => {
  const edgesOf = (bytes: number) => [
    { backupId: 'leaf', objects: [object('leaf', bytes), object('full', bytes)] },
    { backupId: 'full', objects: [object('full', bytes)] },
  ];
  expect(costOfHashes(edgesOf(1_000))).toEqual({ lists: 0, gets: 2, bytesRead: 2_000 });
  const many = 2 ** 31;
  expect(costOfHashes(edgesOf(many))).toEqual({ lists: 0, gets: 3, bytesRead: 3 * many });
  expect(costOfHashes([])).toEqual({ lists: 0, gets: 0, bytesRead: 0 });
});

test('the time is the requests and bytes at the bucket’s rate', () => {
  const chain: ChainCost = { bucketName: 'a', lists: 2, gets: 3, bytesRead: 1_000_000 };
  expect(forecastSync([chain], () => rate, 4)).toEqual({ lists: 2, gets: 3, bytes_read: 1_000_000, seconds: 1.07 });
});

test('parallel jobs take at least as long as the longest and at most the sum, and no cost is lost', () => {
  fc.assert(
    fc.property(chains, fc.integer({ min: 1, max: 32 }), (costs, atOnce) => {
      const whole = forecastSync(costs, () => rate, atOnce);
      const alone = costs.map((cost) => forecastSync([cost], () => rate, 1).seconds ?? Number.NaN);
      expect(whole.lists).toBe(costs.reduce((sum, { lists }) => sum + lists, 0));
      const rounding = 0.001 * (costs.length + 1);
      expect(whole.seconds).toBeGreaterThanOrEqual(Math.max(0, ...alone) - rounding);
      expect(whole.seconds).toBeLessThanOrEqual(alone.reduce((sum, each) => sum + each, 0) + rounding);
    }),
  );
});

test('the time is unknown if a rate it needs was never measured', () => {
  const rateOf = () => ({ ...rate, getMs: null, byteMs: null });
  const listing: ChainCost = { bucketName: 'a', lists: 1, gets: 0, bytesRead: 0 };
  expect(forecastSync([listing], rateOf, 1).seconds).toBe(0.02);
  expect(forecastSync([listing, { ...listing, gets: 1 }], rateOf, 1).seconds).toBeNull();
});
