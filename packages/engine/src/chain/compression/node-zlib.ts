import { pipeline, Readable } from 'node:stream';
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { DecompressionFault } from './decompression-fault.ts';

/** Plain bytes per piece. Larger pieces need fewer round trips between threads. */
const chunkSize = 256 * 1024;

const openers = {
  zlib: () => createInflate({ chunkSize, rejectGarbageAfterEnd: true }),
  // A gzip file may have several members. Anything else that follows is refused all the same.
  gzip: () => createGunzip({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize, rejectGarbageAfterEnd: true }),
};

/** Decompresses with Node's own codecs, which run on Node's threads. */
export async function* decompressByNode(
  stored: AsyncIterable<Uint8Array>,
  compression: keyof typeof openers,
): AsyncGenerator<Uint8Array> {
  let sourceFailure: { readonly error: unknown } | null = null;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* stored;
    } catch (error) {
      sourceFailure = { error };
      throw error;
    }
  }
  const decompressor = openers[compression]();
  // If either end fails, the other is closed too. The loop below throws the error.
  pipeline(Readable.from(watched(), { objectMode: false, highWaterMark: chunkSize }), decompressor, () => {});
  try {
    yield* decompressor;
  } catch (error) {
    // The generator may have set it, which the compiler cannot see.
    const failure = sourceFailure as { readonly error: unknown } | null;
    if (failure !== null) throw failure.error;
    throw new DecompressionFault(`not a complete ${compression} stream: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
