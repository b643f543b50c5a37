import { Buffer } from 'node:buffer';
import { inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { FrameCompression, Frames } from '../data.ts';
import { DecompressionFault } from './decompression-fault.ts';
import { zstdFrameBytes } from './zstd-frame.ts';

type Limits = {
  /** More plain bytes than this are an error. */
  readonly maxOutputLength: number;
  /** Bytes of the memory into which a frame is decompressed. */
  readonly chunkSize: number;
};

/** Decompresses one frame. What follows it is ignored. */
const decompressors: Readonly<Record<FrameCompression, (bytes: Uint8Array, limits: Limits) => Buffer<ArrayBuffer>>> = {
  deflate: inflateRawSync,
  zlib: inflateSync,
  // Unlike the others, it reads another frame from whatever follows the first.
  zstd: (bytes, limits) => zstdDecompressSync(bytes.subarray(0, zstdFrameBytes(bytes)), limits),
};

/**
 * Decompresses the frames of an object of `storedBytes`, one after the other, and yields `length` bytes. Keeps the
 * stored bytes and one frame in memory: a piece is valid until the next is requested.
 *
 * Throws {@link DecompressionFault} if the stored bytes are too short, or if a frame is broken or gives another number
 * of bytes. Throws the errors of `stored`, unchanged.
 */
export async function* decompressFrames(
  stored: AsyncIterable<Uint8Array>,
  storedBytes: number,
  { compression, plainBytes, places }: Frames,
  length: number,
): AsyncGenerator<Uint8Array> {
  const bytes = await collect(stored, storedBytes);
  // Room for one byte more shows that a frame is complete. Buffers below the pool's size share its memory.
  const limits = { maxOutputLength: plainBytes, chunkSize: Math.max(plainBytes + 1, Buffer.poolSize) };
  let left = length;
  for (let frame = 0; frame * 2 < places.length; frame += 1) {
    const [start = 0, end = 0] = places.subarray(frame * 2, frame * 2 + 2);
    const wanted = Math.min(plainBytes, left);
    const plain = decompressFrame(bytes.subarray(start, end), compression, limits, `at byte ${start}`);
    const isLast = frame * 2 + 2 === places.length;
    if (plain.length < wanted || (!isLast && plain.length !== plainBytes)) {
      throw new DecompressionFault(`the frame at byte ${start} has ${plain.length} plain bytes instead of ${wanted}`);
    }
    left -= wanted;
    yield plain.subarray(0, wanted);
    if (plain.buffer.byteLength === limits.chunkSize) release(plain);
  }
  release(bytes);
  if (left > 0) throw new DecompressionFault(`its frames have ${length - left} plain bytes instead of ${length}`);
}

/** Throws {@link DecompressionFault} if there are more or fewer bytes. */
async function collect(stored: AsyncIterable<Uint8Array>, storedBytes: number): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.allocUnsafeSlow(storedBytes);
  let filled = 0;
  for await (const piece of stored) {
    if (filled + piece.length > storedBytes) throw new DecompressionFault(`it has more than ${storedBytes} bytes`);
    bytes.set(piece, filled);
    filled += piece.length;
  }
  if (filled < storedBytes) throw new DecompressionFault(`it has ${filled} bytes instead of ${storedBytes}`);
  return bytes;
}

/**
 * Frees memory that nothing else uses, immediately. As garbage, it would start a collection of all memory of the thread
 * every few MiB.
 */
function release({ buffer }: Buffer<ArrayBuffer>): void {
  buffer.transfer(0);
}

function decompressFrame(
  bytes: Uint8Array,
  compression: FrameCompression,
  limits: Limits,
  place: string,
): Buffer<ArrayBuffer> {
  try {
    return decompressors[compression](bytes, limits);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new DecompressionFault(`${place}, not a complete ${compression} frame: ${problem}`, { cause: error });
  }
}
