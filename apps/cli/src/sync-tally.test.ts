import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grouped, progressLine } from './sync-tally.ts';

describe('the progress of a sync', () => {
  test.each([
    [{ accepted: 0, ended: 0, failed: 0 }, 5, 0, '0 of 5 ended (0%)'],
    [
      { accepted: 9000, ended: 1200, failed: 3 },
      10_000,
      20_000,
      '1,200 of 10,000 ended (12%), 60/s, about 2 min left, 3 failed',
    ],
    [{ accepted: 5, ended: 5, failed: 0 }, 5, 10_000, '5 of 5 ended (100%), 0.5/s'],
    [{ accepted: 1500, ended: 20, failed: 1 }, null, 1000, '20 ended of 1,500 accepted, 20/s, 1 failed'],
  ])('%j of %s after %i ms reads %s', (counts, total, elapsedMs, line) => {
    expect(progressLine(counts, total, elapsedMs)).toBe(line);
  });

  test('fits a narrow terminal whatever the counts', () => {
    const count = fc.nat(100_000);
    fc.assert(
      fc.property(count, count, count, fc.integer({ min: 1, max: 1e8 }), (accepted, ended, failed, elapsedMs) => {
        const line = progressLine({ accepted, ended, failed }, accepted + ended, elapsedMs);
        expect(line.length).toBeLessThanOrEqual(80);
      }),
    );
  });
});

test('counts are grouped by thousands', () => {
  expect([0, 999, 1000, 1_234_567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
});
