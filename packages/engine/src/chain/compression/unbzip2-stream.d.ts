// The decoder inside @openpgp/unbzip2-stream, which ships without types.
declare module '@openpgp/unbzip2-stream/lib/bit_iterator.js' {
  /** Reads `count` bits; null skips to the next whole byte. */
  function readBits(nextPiece: () => Uint8Array): ((count: number | null) => number) & { readonly bytesRead: number };
  export = readBits;
}

declare module '@openpgp/unbzip2-stream/lib/bzip2.js' {
  import type readBits from '@openpgp/unbzip2-stream/lib/bit_iterator.js';

  type BitReader = ReturnType<typeof readBits>;
  const bzip2: {
    readonly Bzip2Error: new (message: string) => Error;
    /** Reads a stream's header and returns its level, 1 to 9. */
    header(bits: BitReader): number;
    /** Decodes a block and returns the checksum of the stream so far; null if the stream ends instead. */
    decompress(
      bits: BitReader,
      add: (byte: number) => void,
      symbols: Int32Array,
      symbolCount: number,
      checksum: number,
    ): number | null;
  };
  export = bzip2;
}
