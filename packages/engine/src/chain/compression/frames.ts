import { Buffer } from 'node:buffer';
import { inflateRawSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { FrameCompression, Frames } from '../data.ts';
import { DecompressionFault } from './decompression-fault.ts';
import { zstdFrameBytes } from './zstd-frame.ts';

/** Decompresses one frame. What follows it is ignored. More plain bytes than `maxOutputLength` are an error. */
const decompressors: Readonly<
  Record<FrameCompression, (bytes: Uint8Array, limits: { readonly maxOutputLength: number }) => Uint8Array>
> = {
  deflate: inflateRawSync,
  zlib: inflateSync,
  // Unlike the others, it reads another frame from whatever follows the first.
  zstd: (bytes, limits) => zstdDecompressSync(bytes.subarray(0, zstdFrameBytes(bytes)), limits),
};

/**
 * Decompresses the frames of an object, one after the other, and yields `length` bytes. Keeps the stored bytes and one
 * frame in memory.
 *
 * Throws {@link DecompressionFault} if the stored bytes are too short, or if a frame is broken or gives another number
 * of bytes. Throws the errors of `stored`, unchanged.
 */
export async function* decompressFrames(
  stored: AsyncIterable<Uint8Array>,
  { compression, plainBytes, places }: Frames,
  length: number,
): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stored) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  let left = length;
  for (let frame = 0; frame * 2 < places.length; frame += 1) {
    const [start = 0, end = 0] = places.subarray(frame * 2, frame * 2 + 2);
    const wanted = Math.min(plainBytes, left);
    const plain = decompressFrame(bytes.subarray(start, end), compression, plainBytes, `at byte ${start}`);
    const isLast = frame * 2 + 2 === places.length;
    if (plain.length < wanted || (!isLast && plain.length !== plainBytes)) {
      throw new DecompressionFault(`the frame at byte ${start} has ${plain.length} plain bytes instead of ${wanted}`);
    }
    left -= wanted;
    yield plain.subarray(0, wanted);
  }
  if (left > 0) throw new DecompressionFault(`its frames have ${length - left} plain bytes instead of ${length}`);
}

function decompressFrame(
  bytes: Uint8Array,
  compression: FrameCompression,
  maxOutputLength: number,
  place: string,
): Uint8Array {
  try {
    return decompressors[compression](bytes, { maxOutputLength });
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new DecompressionFault(`${place}, not a complete ${compression} frame: ${problem}`, { cause: error });
  }
}
