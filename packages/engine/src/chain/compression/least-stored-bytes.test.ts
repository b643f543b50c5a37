import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leastStoredBytes } from './least-stored-bytes.ts';

test('no compressed data is smaller, however uniform', () => {
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

test('data that was cut to a few bytes is smaller', () => {
  expect(leastStoredBytes('zlib', 256 * 1024)).toBeGreaterThan(200);
  expect(leastStoredBytes('gzip', 2 * 1024 * 1024)).toBeGreaterThan(2000);
});

test('a codec without a bound may compress anything to a few bytes, and an unknown codec to one byte', () => {
  expect(leastStoredBytes('zstd', 2 ** 30)).toBe(9);
  expect(leastStoredBytes('other', 2 ** 30)).toBe(1);
});
