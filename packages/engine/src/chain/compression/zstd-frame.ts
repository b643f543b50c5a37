import { DecompressionFault } from './decompression-fault.ts';

const magic = 0xfd2fb528;
const blockHeaderBytes = 3;
const checksumBytes = 4;
/** Bytes of the fields of a frame's header, by the values of its flags (RFC 8878, 3.1.1.1). */
const dictionaryIdBytes = [0, 1, 2, 4];
const contentSizeBytes = [0, 2, 4, 8];

/** The number of bytes of the zstd frame at the beginning of these bytes. Throws {@link DecompressionFault}. */
export function zstdFrameBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (view.getUint32(0, true) !== magic) throw new DecompressionFault('it does not begin as a frame does');
    const descriptor = view.getUint8(4);
    let at = 5 + headerFieldsBytes(descriptor);
    for (let isLast = false; !isLast; ) {
      const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
      isLast = (header & 1) === 1;
      // A block of type 1 is one byte that is repeated.
      at += blockHeaderBytes + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
    }
    return at + ((descriptor >> 2) & 1) * checksumBytes;
  } catch (error) {
    if (error instanceof RangeError) throw new DecompressionFault('it is cut short', { cause: error });
    throw error;
  }
}

function headerFieldsBytes(descriptor: number): number {
  const isSingleSegment = ((descriptor >> 5) & 1) === 1;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : (contentSizeBytes[sizeFlag] ?? 0);
  return (isSingleSegment ? 0 : 1) + (dictionaryIdBytes[descriptor & 3] ?? 0) + sizeBytes;
}
