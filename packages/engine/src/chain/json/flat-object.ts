import { Buffer } from 'node:buffer';

/** Longest object read here. The parser reads longer ones. */
const objectBytesMax = 4096;
const comma = 0x2c;
const openingBrace = 0x7b;
const closingBrace = 0x7d;
/** Any character that is not ASCII or begins an escape. Objects with one are left to the parser. */
const unusual = /[^\x20-\x5b\x5d-\x7e\n\r\t]/;

export type FlatObject = { readonly value: Record<string, unknown>; readonly end: number };

/**
 * Reads a comma and a complete object of strings, numbers and booleans. Returns null if anything about them is unusual,
 * even if valid. The parser would read an accepted object with the same result.
 */
export function readFlatObject(bytes: Uint8Array, from: number): FlatObject | null {
  const separator = skipBlanks(bytes, from);
  if (bytes[separator] !== comma) return null;
  const start = skipBlanks(bytes, separator + 1);
  if (bytes[start] !== openingBrace) return null;
  const length = bytes.subarray(start, start + objectBytesMax).indexOf(closingBrace) + 1;
  if (length === 0) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
  const value = unusual.test(text) ? null : parse(text);
  return value === null ? null : { value, end: start + length };
}

function parse(text: string): Record<string, unknown> | null {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    // The brace is in a string or ends something nested, or this is not JSON. The parser decides.
    return null;
  }
  let texts = 0;
  for (const key of Object.keys(value)) {
    const field = value[key];
    if (typeof field === 'object') return null;
    texts += typeof field === 'string' ? 2 : 1;
  }
  // If a key occurs twice, one is lost and the count of quotes differs.
  return text.split('"').length - 1 === 2 * texts ? value : null;
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at])
    at += 1;
  return at;
}
