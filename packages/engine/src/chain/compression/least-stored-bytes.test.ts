import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastStoredBytes } from './least-stored-bytes.ts';

test('nothing that was compressed is smaller, however even the data is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_000_000 }), fc.nat(255), fc.nat(9), (length, byte, level) => {
      const data = new Uint8Array(length).fill(byte);
      expect(deflateSync(data, { level }).length).toBeGreaterThanOrEqual(leastStoredBytes('zlib', length));
      expect(gzipSync(data, { level }).length).toBeGreaterThanOrEqual(leastStoredBytes('gzip', length));
      expect(zstdCompressSync(data).length).toBeGreaterThanOrEqual(leastStoredBytes('zstd', length));
    }),
    { numRuns: 40 },
  );
});

test('what was cut to a few bytes is smaller', () => {
  expect(leastStoredBytes('zlib', 256 * 1024)).toBeGreaterThan(200);
  expect(leastStoredBytes('gzip', 2 * 1024 * 1024)).toBeGreaterThan(2000);
});

test('a codec without a bound may make next to nothing of anything, and one that is not known one byte', () => {
  expect(leastStoredBytes('zstd', 2 ** 30)).toBe(9);
  expect(leastStoredBytes('other', 2 ** 30)).toBe(1);
});
