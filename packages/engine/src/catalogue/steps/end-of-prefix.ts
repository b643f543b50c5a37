/** Behind every text, such as an image path, that begins with the prefix, in the order of their UTF-8 bytes. */
export function endOfPrefix(prefix: string): string {
  return `${prefix}\u{10FFFF}`;
}
