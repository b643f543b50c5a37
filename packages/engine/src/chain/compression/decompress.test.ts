import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { describe, expect, test } from 'vitest';
import { readAll } from '../../storage/storage-conformance.ts';
import { seededBytes } from '../../testing/seeded-bytes.ts';
import type { Compression } from '../data.ts';
import { decompress } from './decompress.ts';
import { DecompressionFault } from './decompression-fault.ts';

/** Written by `bzip2 -1` from 40,000 times "backup ", since no library here compresses bzip2. Three blocks. */
const repeatedText = Buffer.from('backup '.repeat(40_000));
const repeatedTextBz2 = Buffer.from(
  'QlpoMTFBWSZTWRM5J/8AU7ARgEAAOAhCACAAUIYATVRoOkoEwlAmyUCYSgThKBPEoE8SgT5igrJMprImck/+AKdgIwCAAHAQhABAAKEMAJqo0' +
    'HSUCYSgTZKBMJQJwlAniUCeJQJ8xQVkmU1mYRP0zAEL+kYBAADgIQgAgAEBSo0BDAdSSKYkkU2kkUxJIpxJIp5JIp5JIp8XckU4UJDy0i0x',
  'base64',
);
/** `bzip2 -9` of 40,000,000 zeros. */
const zerosBz2 = Buffer.from('QlpoOTFBWSZTWdjs3f4BMl9ACMAAABAACCAAMMwJqmmgSlFbUBKUV4u5IpwoSGx2bv8A', 'base64');

const compressors: Record<Exclude<Compression, 'bz2'>, (plain: Uint8Array) => Buffer> = {
  none: (plain) => Buffer.from(plain),
  zlib: (plain) => deflateSync(plain),
  gzip: (plain) => gzipSync(plain),
  zstd: (plain) => zstdCompressSync(plain),
  lz4: (plain) => compressFrameSync(Buffer.from(plain)),
};

async function* inPieces(bytes: Uint8Array, pieceBytes = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

function expectFault(stored: Uint8Array, compression: Compression, length: number) {
  return expect(readAll(decompress(inPieces(stored), compression, length))).rejects.toBeInstanceOf(DecompressionFault);
}

/** Has repetitions at short and long distances, and parts that do not compress. */
const sample = Buffer.concat([repeatedText, seededBytes('sample', 150_000), repeatedText, new Uint8Array(300_000)]);

/** A compressed sample of each compression. */
const samples: readonly (readonly [Compression, Buffer, Buffer])[] = [
  ...(['none', 'zlib', 'gzip', 'zstd', 'lz4'] as const).map(
    (kind) => [kind, compressors[kind](sample), sample] as const,
  ),
  ['bz2', repeatedTextBz2, repeatedText],
];

describe.each(samples)('%s', (compression, stored, plain) => {
  test('gives the plain bytes, however the stored bytes are split', async () => {
    for (const pieceBytes of [97, 4096, stored.length]) {
      const made = await readAll(decompress(inPieces(stored, pieceBytes), compression, plain.length));
      expect(made.equals(plain)).toBe(true);
    }
  });

  test('is refused if it is cut short, followed by more, or of the wrong length', async () => {
    for (const cut of [1, 2, 5, 9, Math.floor(stored.length / 2), stored.length - 1]) {
      await expectFault(stored.subarray(0, stored.length - cut), compression, plain.length);
    }
    await expectFault(Buffer.concat([stored, Buffer.from('more')]), compression, plain.length);
    await expectFault(new Uint8Array(), compression, plain.length);
    await expectFault(stored, compression, plain.length - 1);
    await expectFault(stored, compression, plain.length + 1);
  });

  test('with any byte altered gives the same bytes, other bytes or a fault, and nothing else', async () => {
    const altered = fc.record({ at: fc.nat(Math.min(stored.length, 4000) - 1), by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(altered, async ({ at, by }) => {
        const bytes = Buffer.from(stored);
        bytes[at] = (bytes[at] ?? 0) ^ by;
        const made = await readAll(decompress(inPieces(bytes, 50_000), compression, plain.length)).catch(
          (error: unknown) => error,
        );
        if (made instanceof Buffer) expect(made.length).toBe(plain.length);
        else expect(made).toBeInstanceOf(DecompressionFault);
      }),
      // In bz2, this byte makes a block name a table that it does not have.
      { numRuns: 40, examples: [[{ at: 125, by: 229 }]] },
    );
  });

  test('passes on errors of storage, and releases it when reading stops early', async () => {
    const failure = new Error('the storage failed');
    async function* failing() {
      yield stored.subarray(0, 20);
      throw failure;
    }
    await expect(readAll(decompress(failing(), compression, plain.length))).rejects.toBe(failure);

    let released = false;
    async function* watched() {
      try {
        while (true) yield* inPieces(stored, 10_000);
      } finally {
        released = true;
      }
    }
    for await (const piece of decompress(watched(), compression, plain.length)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => released).toBe(true);
  });
});

describe('a bomb', () => {
  const zeros = new Uint8Array(40_000_000);

  test.each(['zlib', 'gzip', 'zstd', 'lz4'] as const)('of %s is stopped as soon as it is too long', async (kind) => {
    await expectFault(compressors[kind](zeros), kind, 1000);
  });

  test('of bz2 is stopped as soon as it is too long', async () => {
    await expectFault(zerosBz2, 'bz2', 1000);
    expect(Buffer.compare(await readAll(decompress(inPieces(zerosBz2), 'bz2', zeros.length)), zeros)).toBe(0);
  });

  test('that never ends is read only up to its expected length', async () => {
    async function* endless() {
      while (true) yield new Uint8Array(1000);
    }
    await expect(readAll(decompress(endless(), 'none', 5000))).rejects.toBeInstanceOf(DecompressionFault);
  });
});

test('consecutive streams count as one if their format says so', async () => {
  const twice = Buffer.concat([sample, sample]);
  for (const kind of ['gzip', 'lz4'] as const) {
    const stored = Buffer.concat([compressors[kind](sample), compressors[kind](sample)]);
    expect((await readAll(decompress(inPieces(stored), kind, twice.length))).equals(twice)).toBe(true);
  }
  const stored = Buffer.concat([repeatedTextBz2, repeatedTextBz2]);
  expect((await readAll(decompress(inPieces(stored), 'bz2', 2 * repeatedText.length))).length).toBe(
    2 * repeatedText.length,
  );
});

test('any bytes survive every compression', async () => {
  const plain = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 2000 }),
    fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 5000 }))
      .map(([unit, count]) =>
        Uint8Array.from({ length: unit.length * count }, (_, index) => unit[index % unit.length] ?? 0),
      ),
  );
  await fc.assert(
    fc.asyncProperty(plain, fc.integer({ min: 1, max: 300 }), async (bytes, pieceBytes) => {
      for (const [kind, compress] of Object.entries(compressors)) {
        const pieces = inPieces(compress(bytes), pieceBytes);
        const made = await readAll(decompress(pieces, kind as Compression, bytes.length));
        expect(made.equals(bytes)).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});
