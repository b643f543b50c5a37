/** One in each of the four bytes of a word. */
const ones = 0x01010101;

/**
 * Writes the bytes that hex digits stand for: `length` of them, a multiple of 4, to `target` at `targetAt`, from twice
 * as many digits in `source` at `sourceAt`. Says whether all were digits in lower case, as programs write them; if not,
 * what was written means nothing.
 *
 * Four digits at a time, side by side in one word: here the proof of a large volume spends its time.
 */
export function decodeHex(
  source: DataView,
  sourceAt: number,
  target: DataView,
  targetAt: number,
  length: number,
): boolean {
  let wrong = 0;
  for (let at = 0; at < length; at += 4) {
    const first = source.getInt32(sourceAt + 2 * at, true);
    const second = source.getInt32(sourceAt + 2 * at + 4, true);
    const firstLetters = (first >>> 6) & ones;
    const secondLetters = (second >>> 6) & ones;
    const firstValues = valuesOf(first, firstLetters);
    const secondValues = valuesOf(second, secondLetters);
    wrong |= differences(first, firstLetters, firstValues) | differences(second, secondLetters, secondValues);
    target.setInt32(targetAt + at, twoBytes(firstValues) | (twoBytes(secondValues) << 16), true);
  }
  return wrong === 0;
}

/** The value of each of four digits. `letters` has a one for each that is a letter: their low bits count from 1. */
function valuesOf(word: number, letters: number): number {
  return (word & 0x0f0f0f0f) + Math.imul(9, letters);
}

/** The two bytes that the values of four digits make, in the lower half of a word. */
function twoBytes(values: number): number {
  const pairs = ((values << 4) | (values >>> 8)) & 0x00ff00ff;
  return (pairs | (pairs >>> 8)) & 0xffff;
}

/** Zero where four characters are hex digits: 0x30 to 0x39, and, 0x30 above the same low bits, 0x61 to 0x66. */
function differences(word: number, letters: number, values: number): number {
  const upperBits = (word & 0xf0f0f0f0) ^ (0x30303030 + Math.imul(0x30, letters));
  // 6 more carry into bit 4 what is 10 or more, which just a letter's value may be; and none may be there without.
  const ranges = (((values + 6 * ones) ^ (letters << 4)) | values) & 0x10101010;
  return upperBits | ranges;
}
