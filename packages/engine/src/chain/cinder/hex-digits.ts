/**
 * The value of two hex digits, by their two bytes (the second in the upper half); negative where one is no digit.
 * One look for two digits: here the proof of a large volume spends its time.
 */
const pairValues = new Int16Array(1 << 16).fill(-1);
const digits = '0123456789abcdef';
for (const first of digits + digits.toUpperCase()) {
  for (const second of digits + digits.toUpperCase()) {
    pairValues[first.charCodeAt(0) | (second.charCodeAt(0) << 8)] = Number.parseInt(first + second, 16);
  }
}

/**
 * Writes the bytes that hex digits stand for: `length` of them to `target` at `targetAt`, from twice as many digits in
 * `source` at `sourceAt`. Says whether all were digits; if not, what was written means nothing.
 */
export function decodeHex(
  source: Uint8Array,
  sourceAt: number,
  target: Uint8Array,
  targetAt: number,
  length: number,
): boolean {
  let all = 0;
  for (let index = 0; index < length; index += 1) {
    const at = sourceAt + 2 * index;
    const value = pairValues[(source[at] ?? 0) | ((source[at + 1] ?? 0) << 8)] ?? -1;
    all |= value;
    target[targetAt + index] = value;
  }
  return all >= 0;
}
