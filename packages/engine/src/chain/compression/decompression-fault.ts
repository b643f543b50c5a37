/** Stored bytes do not decompress to the expected number of plain bytes. The message says why. */
export class DecompressionFault extends Error {
  override readonly name = 'DecompressionFault';
}
