import { pipeline, Readable } from 'node:stream';
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { DecompressionFault } from './decompression-fault.ts';

/** Fewer and larger pieces cost fewer rounds between threads; this many bytes of plain data are made at once. */
const chunkSize = 256 * 1024;

const openers = {
  zlib: () => createInflate({ chunkSize, rejectGarbageAfterEnd: true }),
  // A gzip file may have several members; what follows and is none of them is refused even so.
  gzip: () => createGunzip({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize, rejectGarbageAfterEnd: true }),
};

/** The compressions that Node itself undoes, on threads of its own. */
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
  // Either end takes the other down with it; the error itself comes out of the loop below.
  pipeline(Readable.from(watched(), { objectMode: false, highWaterMark: chunkSize }), decompressor, () => {});
  try {
    yield* decompressor;
  } catch (error) {
    // Set by the generator meanwhile, which the compiler cannot see.
    const failure = sourceFailure as { readonly error: unknown } | null;
    if (failure !== null) throw failure.error;
    throw new DecompressionFault(`is no whole ${compression} stream: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
