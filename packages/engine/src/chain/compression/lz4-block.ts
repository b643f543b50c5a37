import { DecompressionFault } from './decompression-fault.ts';

const minMatch = 4;
const lengthNibble = 15;
const lengthByteMax = 255;

/**
 * Decodes one LZ4 block into `window` from `start` on, and returns where it ends. What lies before `start` is the
 * history that the block may refer to; nothing is written at or behind `limit`.
 *
 * Throws {@link DecompressionFault}.
 */
export function decodeLz4Block(block: Uint8Array, window: Uint8Array, start: number, limit: number): number {
  let [from, to] = [0, start];

  const readByte = (): number => {
    const byte = block[from];
    if (byte === undefined) throw broken('breaks off');
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
    if (from + literals > block.length) throw broken('breaks off');
    if (to + literals > limit) throw broken('is longer than its frame allows');
    window.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence has literals alone.
    if (from === block.length) break;
    const distance = readByte() + 256 * readByte();
    const length = readLength(token & lengthNibble) + minMatch;
    if (distance === 0 || distance > to) throw broken('refers to bytes before its beginning');
    if (to + length > limit) throw broken('is longer than its frame allows');
    copyMatch(window, to, distance, length);
    to += length;
  }
  return to;
}

/** A match may overlap what it makes: then its bytes repeat. */
function copyMatch(window: Uint8Array, to: number, distance: number, length: number): void {
  if (distance >= length) {
    window.copyWithin(to, to - distance, to - distance + length);
    return;
  }
  for (let index = to; index < to + length; index += 1) window[index] = window[index - distance] ?? 0;
}

function broken(problem: string): DecompressionFault {
  return new DecompressionFault(`is no whole lz4 frame: a block ${problem}`);
}
