/** Stored bytes are not what their compression makes of so many plain bytes; the message says how. */
export class DecompressionFault extends Error {
  override readonly name = 'DecompressionFault';
}
