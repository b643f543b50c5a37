/** Compares keys by their UTF-8 bytes, the order of every listing. Differs from `<` for keys with surrogate pairs. */
export function compareKeys(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  let at = 0;
  while (at < length && one.charCodeAt(at) === other.charCodeAt(at)) at += 1;
  if (at === length) return one.length - other.length;
  const unit = one.charCodeAt(at);
  const otherUnit = other.charCodeAt(at);
  // Surrogates sort after all other characters, and lone ones become U+FFFD.
  if (isSurrogate(unit) || isSurrogate(otherUnit)) return Buffer.compare(Buffer.from(one), Buffer.from(other));
  return unit - otherUnit;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
