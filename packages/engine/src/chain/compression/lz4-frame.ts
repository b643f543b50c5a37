import { ByteSource } from './byte-source.ts';
import { DecompressionFault } from './decompression-fault.ts';
import { decodeLz4Block } from './lz4-block.ts';

const frameMagic = 0x184d2204;
/** First of the sixteen magic numbers of skippable frames. */
const skippableMagic = 0x184d2a50;
const historyBytes = 64 * 1024;
const blockBytesMin = 64 * 1024;
const plainBit = 2 ** 31;

/**
 * Decompresses LZ4 frames, block by block, at most 4 MiB each. Libraries decode a whole frame into memory of whatever
 * size it claims. Ignores the frame's checksums, because the digests of the plain bytes prove more.
 */
export async function* decompressLz4(stored: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(stored);
  try {
    let frames = 0;
    while (true) {
      const magic = await source.read(4);
      if (magic.length === 0 && frames > 0) return;
      const number = toNumber(magic);
      if (number === frameMagic) yield* decompressFrame(source);
      else if (number >= skippableMagic && number < skippableMagic + 16) await skip(source, await readNumber(source));
      else throw broken('it does not start with the magic number of a frame');
      frames += 1;
    }
  } finally {
    await source.close();
  }
}

async function* decompressFrame(source: ByteSource): AsyncGenerator<Uint8Array> {
  const [flags = 0, blockDescriptor = 0] = await readExactly(source, 2);
  if (flags >> 6 !== 1) throw broken('it has an unknown version');
  const hasDictionary = (flags & 0x01) !== 0;
  if (hasDictionary) throw broken('it needs a dictionary');
  const isIndependent = (flags & 0x20) !== 0;
  const blockChecksumBytes = (flags & 0x10) !== 0 ? 4 : 0;
  const contentSizeBytes = (flags & 0x08) !== 0 ? 8 : 0;
  const contentChecksumBytes = (flags & 0x04) !== 0 ? 4 : 0;
  const sizeCode = (blockDescriptor >> 4) & 0x07;
  if (sizeCode < 4) throw broken('it has an unknown block size');
  const blockBytesMax = blockBytesMin * 4 ** (sizeCode - 4);
  const headerChecksumBytes = 1;
  await readExactly(source, contentSizeBytes + headerChecksumBytes);

  const window = new Uint8Array(historyBytes + blockBytesMax);
  let history = 0;
  while (true) {
    const mark = await readNumber(source);
    if (mark === 0) break;
    const isPlain = mark >= plainBit;
    const size = isPlain ? mark - plainBit : mark;
    if (size > blockBytesMax) throw broken('a block is larger than the frame allows');
    const block = await readExactly(source, size);
    const end = isPlain
      ? copyPlain(block, window, history)
      : decodeLz4Block(block, window, history, history + blockBytesMax);
    await readExactly(source, blockChecksumBytes);
    // A copy, because the window is overwritten while the reader may still use the bytes.
    yield window.slice(history, end);
    if (isIndependent) continue;
    const kept = Math.min(end, historyBytes);
    window.copyWithin(0, end - kept, end);
    history = kept;
  }
  await readExactly(source, contentChecksumBytes);
}

function copyPlain(block: Uint8Array, window: Uint8Array, start: number): number {
  window.set(block, start);
  return start + block.length;
}

async function skip(source: ByteSource, count: number): Promise<void> {
  let left = count;
  while (left > 0) left -= (await readExactly(source, Math.min(left, blockBytesMin))).length;
}

async function readNumber(source: ByteSource): Promise<number> {
  return toNumber(await source.read(4));
}

async function readExactly(source: ByteSource, count: number): Promise<Uint8Array> {
  const bytes = await source.read(count);
  if (bytes.length < count) throw broken('it ends too early');
  return bytes;
}

/** Little-endian. */
function toNumber(bytes: Uint8Array): number {
  if (bytes.length < 4) throw broken('it ends too early');
  return Buffer.from(bytes).readUInt32LE();
}

function broken(problem: string): DecompressionFault {
  return new DecompressionFault(`not a complete lz4 frame: ${problem}`);
}
