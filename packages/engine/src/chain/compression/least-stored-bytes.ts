/** What every stream of a codec has beside its data, bytes, and how much plain data one byte of that stands for at most. */
type Bound = { readonly frameBytes: number; readonly plainPerByte: number };

/**
 * Deflate (RFC 1951) copies at most 258 bytes by two bits, and a zlib stream has 6 bytes around it (RFC 1950; gzip has more).
 * An lz4 block makes a run longer by at most 255 with each byte, behind a header of 7. Of bz2 (14
 * bytes when empty) and zstd (RFC 8878: magic number, frame and block header) only the frames have a useful bound.
 */
const bounds: ReadonlyMap<string, Bound> = new Map([
  ['zlib', { frameBytes: 6, plainPerByte: 1032 }],
  ['gzip', { frameBytes: 6, plainPerByte: 1032 }],
  ['lz4', { frameBytes: 7, plainPerByte: 255 }],
  ['bz2', { frameBytes: 14, plainPerByte: Number.POSITIVE_INFINITY }],
  ['bzip2', { frameBytes: 14, plainPerByte: Number.POSITIVE_INFINITY }],
  ['zstd', { frameBytes: 8, plainPerByte: Number.POSITIVE_INFINITY }],
]);

/** The fewest bytes that this much data can have when it is compressed: what has fewer was cut. */
export function leastStoredBytes(compression: string, plainBytes: number): number {
  const { frameBytes, plainPerByte } = bounds.get(compression) ?? {
    frameBytes: 0,
    plainPerByte: Number.POSITIVE_INFINITY,
  };
  return frameBytes + Math.max(1, Math.floor(plainBytes / plainPerByte));
}
