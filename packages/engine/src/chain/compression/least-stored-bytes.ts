/**
 * Bytes of a codec's stream that are not data, and the maximum number of plain bytes that one byte of its data can
 * represent.
 */
type Bound = { readonly frameBytes: number; readonly plainPerByte: number };

/**
 * Bounds by codec. Deflate (RFC 1951) copies at most 258 bytes with two bits; zlib adds 6 bytes (RFC 1950), gzip more.
 * An lz4 frame has a header of 7 bytes, and each byte of a block extends a run by at most 255 bytes. For bz2 (14 bytes
 * when empty) and zstd (RFC 8878: magic number, frame and block header), only the frames have a useful bound.
 */
const bounds: ReadonlyMap<string, Bound> = new Map([
  ['zlib', { frameBytes: 6, plainPerByte: 1032 }],
  ['gzip', { frameBytes: 6, plainPerByte: 1032 }],
  ['lz4', { frameBytes: 7, plainPerByte: 255 }],
  ['bz2', { frameBytes: 14, plainPerByte: Number.POSITIVE_INFINITY }],
  ['bzip2', { frameBytes: 14, plainPerByte: Number.POSITIVE_INFINITY }],
  ['zstd', { frameBytes: 8, plainPerByte: Number.POSITIVE_INFINITY }],
]);

/** Minimum size of this much plain data when compressed, in bytes. A smaller object was cut. */
export function leastStoredBytes(compression: string, plainBytes: number): number {
  const { frameBytes, plainPerByte } = bounds.get(compression) ?? {
    frameBytes: 0,
    plainPerByte: Number.POSITIVE_INFINITY,
  };
  return frameBytes + Math.max(1, Math.floor(plainBytes / plainPerByte));
}
