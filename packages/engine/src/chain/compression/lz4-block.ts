import { DecompressionFault } from './decompression-fault.ts';

const minMatch = 4;
const lengthNibble = 15;
const lengthByteMax = 255;

/**
 * Decodes one LZ4 block into `window` from `start` on, and returns its end. The block may refer to the bytes before
 * `start`. Nothing is written at or after `limit`.
 *
 * Throws {@link DecompressionFault}.
 */
export function decodeLz4Block(block: Uint8Array, window: Uint8Array, start: number, limit: number): number {
  let [from, to] = [0, start];

  const readByte = (): number => {
    const byte = block[from];
    if (byte === undefined) throw broken('ends too early');
    from += 1;
    return byte;
  };
  const readLength = (nibble: number): number => {
    let length = nibble;
    if (nibble < lengthNibble) return length;
    while (true) {
      const more = readByte();
      length += more;
      if (more < lengthByteMax) return length;
    }
  };

  while (from < block.length) {
    const token = readByte();
    const literals = readLength(token >> 4);
    if (from + literals > block.length) throw broken('ends too early');
    if (to + literals > limit) throw broken('is longer than its frame allows');
    window.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence has only literals.
    if (from === block.length) break;
    const distance = readByte() + 256 * readByte();
    const length = readLength(token & lengthNibble) + minMatch;
    if (distance === 0 || distance > to) throw broken('refers to bytes before its start');
    if (to + length > limit) throw broken('is longer than its frame allows');
    copyMatch(window, to, distance, length);
    to += length;
  }
  return to;
}

/** A match may overlap its own output; its bytes then repeat. */
function copyMatch(window: Uint8Array, to: number, distance: number, length: number): void {
  if (distance >= length) {
    window.copyWithin(to, to - distance, to - distance + length);
    return;
  }
  for (let index = to; index < to + length; index += 1) window[index] = window[index - distance] ?? 0;
}

function broken(problem: string): DecompressionFault {
  return new DecompressionFault(`not a complete lz4 frame: a block ${problem}`);
}
