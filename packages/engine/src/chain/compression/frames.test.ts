import { deflateRawSync, deflateSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { seededBytes } from '../../testing/seeded-bytes.ts';
import type { FrameCompression } from '../data.ts';
import { DecompressionFault } from './decompression-fault.ts';
import { decompressFrames } from './frames.ts';

const compressors: Readonly<Record<FrameCompression, (plain: Uint8Array) => Buffer>> = {
  deflate: (plain) => deflateRawSync(plain),
  zlib: (plain) => deflateSync(plain),
  zstd: (plain) => zstdCompressSync(plain),
};

const plainBytes = 4096;
/** Does not compress, compresses to a repeated byte, and a mixture. */
const plains = [
  seededBytes('frames', plainBytes),
  new Uint8Array(plainBytes),
  Buffer.concat([new Uint8Array(2000), seededBytes('mixture', plainBytes - 2000)]),
];

async function* inPieces(bytes: Uint8Array, pieceBytes = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

describe.each(['deflate', 'zlib', 'zstd'] as const)('%s', (compression) => {
  const frames = plains.map((plain) => compressors[compression](plain));
  /** The frames without a gap. As in a disk image, the end of each place is rounded up, into the next frame. */
  const stored = Buffer.concat([Buffer.from('before'), ...frames, Buffer.alloc(600, 'x')]);
  const places = new Uint32Array(
    frames.flatMap((frame, index) => {
      const start = 6 + frames.slice(0, index).reduce((sum, { length }) => sum + length, 0);
      return [start, Math.min(stored.length, Math.ceil((start + frame.length) / 512) * 512)];
    }),
  );
  const open = (bytes: Uint8Array, length: number, changed = places, size = plainBytes) =>
    decompressFrames(inPieces(bytes), bytes.length, { compression, plainBytes: size, places: changed }, length);
  const read = async (...of: Parameters<typeof open>) =>
    Buffer.concat(await Array.fromAsync(open(...of), (piece) => Buffer.from(piece)));

  test('gives the plain bytes of all frames, whatever follows each of them', async () => {
    expect((await read(stored, 3 * plainBytes)).equals(Buffer.concat(plains))).toBe(true);
  });

  test('gives them in the order of the places, not in that of the stored bytes', async () => {
    const [a = 0, b = 0, c = 0, d = 0] = places;
    const made = await read(stored, 2 * plainBytes, Uint32Array.of(c, d, a, b));
    expect(made.equals(Buffer.concat([plains[1] ?? Buffer.of(), plains[0] ?? Buffer.of()]))).toBe(true);
  });

  test('keeps one frame in memory', async () => {
    const pieces = await Array.fromAsync(open(stored, 3 * plainBytes));
    expect(pieces.map(({ length }) => length)).toEqual([0, 0, 0]);
  });

  test('refuses stored bytes that are longer or shorter than the object', async () => {
    for (const bytes of [stored.length - 1, stored.length + 1]) {
      const pieces = decompressFrames(inPieces(stored), bytes, { compression, plainBytes, places }, 3 * plainBytes);
      await expect(Array.fromAsync(pieces)).rejects.toBeInstanceOf(DecompressionFault);
    }
  });

  test('of the last frame, gives only the bytes within the length', async () => {
    const made = await read(stored, 2 * plainBytes + 1000);
    expect(made.equals(Buffer.concat(plains).subarray(0, 2 * plainBytes + 1000))).toBe(true);
  });

  test('refuses a frame that gives more bytes than it must have, and one that gives fewer', async () => {
    await expect(read(stored, 3 * 4095, places, 4095)).rejects.toBeInstanceOf(DecompressionFault);
    await expect(read(stored, 3 * 4097, places, 4097)).rejects.toBeInstanceOf(DecompressionFault);
    await expect(read(stored, 4 * plainBytes)).rejects.toThrow('instead of');
  });

  test('never makes more of a bomb than a frame must have', async () => {
    const bomb = compressors[compression](new Uint8Array(64 * 1024 * 1024));
    await expect(read(bomb, plainBytes, Uint32Array.of(0, bomb.length))).rejects.toBeInstanceOf(DecompressionFault);
  });

  test('refuses a frame that is cut short anywhere, or is none', async () => {
    const [frame = Buffer.of()] = frames;
    for (const end of [0, 1, 4, 5, 6, 100, frame.length - 1]) {
      const cut = read(frame, plainBytes, Uint32Array.of(0, end));
      await expect(cut).rejects.toBeInstanceOf(DecompressionFault);
    }
    const foreign = seededBytes('none', 4096).fill(0xff, 0, 8);
    await expect(read(foreign, plainBytes, Uint32Array.of(0, 4096))).rejects.toBeInstanceOf(DecompressionFault);
  });
});
