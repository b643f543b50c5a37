import { Buffer } from 'node:buffer';

/** What is longer is left to the walker. */
const objectBytesMax = 4096;
const comma = 0x2c;
const openingBrace = 0x7b;
const closingBrace = 0x7d;
/** A character that is no ASCII, or begins an escape: left to the walker too. */
const unusual = /[^\x20-\x5b\x5d-\x7e\n\r\t]/;

export type FlatObject = { readonly value: Record<string, unknown>; readonly end: number };

/**
 * Reads a comma and an object of texts, numbers and truth values that stand whole at a place. Null where anything
 * is unusual in them, though it be right. Whatever it takes, the walker would take as the same.
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
    // The brace stands in a text or ends something inside, or it is no JSON: the walker tells.
    return null;
  }
  let texts = 0;
  for (const key of Object.keys(value)) {
    const field = value[key];
    if (typeof field === 'object') return null;
    texts += typeof field === 'string' ? 2 : 1;
  }
  // Of a key that comes twice, one is gone.
  return text.split('"').length - 1 === 2 * texts ? value : null;
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at])
    at += 1;
  return at;
}
