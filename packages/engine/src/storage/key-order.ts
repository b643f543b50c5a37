/** Compares keys by their UTF-8 bytes, the order of every listing. Differs from `<` for keys with surrogate pairs. */
export function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
