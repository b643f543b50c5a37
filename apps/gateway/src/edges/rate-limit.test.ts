import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateLimit } from './rate-limit.ts';

test('after a burst, a caller learns how long to wait, and others are not delayed', () => {
  let nowMs = 1000;
  const limit = new RateLimit({ perSecond: 2, burst: 3 }, () => nowMs);
  expect([limit.take('ada'), limit.take('ada'), limit.take('ada')]).toEqual([0, 0, 0]);
  expect(limit.take('ada')).toBe(500);
  expect(limit.take('grace')).toBe(0);
  nowMs += 500;
  expect(limit.take('ada')).toBe(0);
  expect(limit.take('ada')).toBe(500);
});

test('no period admits more calls than the burst plus the rate allow', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10 }), (steps, perSecond, burst) => {
      let nowMs = 0;
      const limit = new RateLimit({ perSecond, burst }, () => nowMs);
      const takenAtMs: number[] = [];
      for (const step of steps) {
        nowMs += step;
        if (limit.take('ada') === 0) takenAtMs.push(nowMs);
      }
      for (const [first, sinceMs] of takenAtMs.entries()) {
        const isWithin = (atMs: number, index: number) =>
          index + 1 <= burst + ((atMs - sinceMs) / 1000) * perSecond + 1e-6;
        expect(takenAtMs.slice(first).every(isWithin)).toBe(true);
      }
    }),
  );
});

test('without a limit, every call is admitted', () => {
  const limit = new RateLimit({ perSecond: Infinity, burst: Infinity }, () => 0);
  expect(Array.from({ length: 1000 }, () => limit.take('ada')).every((waitMs) => waitMs === 0)).toBe(true);
});

test('simultaneous calls count singly up to the burst, and one that is taken back is admitted again', () => {
  const limit = new RateLimit({ perSecond: 1, burst: 3 }, () => 0);
  expect(limit.take('ada', 2)).toBe(0);
  expect(limit.take('ada', 2)).toBe(1000);
  limit.giveBack('ada');
  expect(limit.take('ada', 2)).toBe(0);
  expect(limit.take('ada')).toBe(1000);
  expect(limit.take('grace', 50)).toBe(0);
  expect(limit.take('grace')).toBe(1000);
});
