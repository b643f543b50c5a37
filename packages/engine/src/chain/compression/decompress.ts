import type { Compression } from '../data.ts';
import { decompressBz2 } from './bz2.ts';
import { DecompressionFault } from './decompression-fault.ts';
import { decompressLz4 } from './lz4-frame.ts';
import { decompressByNode } from './node-zlib.ts';

/**
 * Decompresses stored bytes, in pieces and in bounded memory regardless of their content. Yields at most `length`
 * bytes.
 *
 * Throws {@link DecompressionFault} if the stored bytes are not one complete compressed stream of `length` bytes:
 * broken, cut short, followed by more, or of another length. Throws the errors of `stored`, unchanged.
 */
export async function* decompress(
  stored: AsyncIterable<Uint8Array>,
  compression: Compression,
  length: number,
): AsyncGenerator<Uint8Array> {
  let produced = 0;
  for await (const piece of open(stored, compression, length)) {
    produced += piece.length;
    if (produced > length) throw new DecompressionFault(`it has more than ${length} plain bytes`);
    if (piece.length > 0) yield piece;
  }
  if (produced < length) throw new DecompressionFault(`it has ${produced} plain bytes instead of ${length}`);
}

function open(stored: AsyncIterable<Uint8Array>, compression: Compression, length: number): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'none':
      return stored;
    case 'zlib':
    case 'gzip':
    case 'zstd':
      return decompressByNode(stored, compression);
    case 'bz2':
      return decompressBz2(stored, length);
    case 'lz4':
      return decompressLz4(stored);
  }
}
