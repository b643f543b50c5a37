/**
 * Returns a bound that sorts after every string with this prefix, such as an image path, in the order of UTF-8 bytes.
 */
export function endOfPrefix(prefix: string): string {
  return `${prefix}\u{10FFFF}`;
}
