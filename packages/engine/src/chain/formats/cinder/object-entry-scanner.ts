import { Buffer } from 'node:buffer';
import { decodeHex } from '../../proof/hex-digits.ts';
import { md5Bytes } from '../../proof/object-columns.ts';
import { type CinderCompression, cinderCompressions, type NamedObjects } from './named-objects.ts';

const openingBrace = 0x7b;
const closingBrace = 0x7d;
const quotationMark = 0x22;
const colon = 0x3a;
const comma = 0x2c;
const zero = 0x30;

/** Maximum number of digits read here. Its column can store any number with this many digits. */
const objectNumberDigitsMax = 9;
const byteNumberDigitsMax = 15;

const fieldNames = ['compression', 'length', 'md5', 'offset'] as const;
const fields = fieldNames.map((name) => Buffer.from(`"${name}"`));
const [compressionField, lengthField, md5Field] = [0, 1, 2];
const everyField = (1 << fieldNames.length) - 1;
const compressionTexts = cinderCompressions.map((name) => Buffer.from(`"${name}"`));

/**
 * Reads entries of `objects` in `_metadata` straight from the bytes, if they are written as Cinder writes them. An
 * increment can have millions, and a full JSON tokenizer takes ten times as long. The scanner stops at any unusual
 * entry, even if it is valid, and leaves it to the JSON walker, so it never has to explain a fault.
 */
export class ObjectEntryScanner {
  readonly #name: Buffer;
  readonly #objects: NamedObjects;
  /** The number that was read last. */
  #value = 0;
  #number = 0;
  #offset = 0;
  #length = 0;
  #compression: CinderCompression = 'none';
  #md5At = 0;
  readonly #md5 = new Uint8Array(md5Bytes);
  readonly #md5View = new DataView(this.#md5.buffer);

  constructor(objectName: string, objects: NamedObjects) {
    this.#name = Buffer.from(`"${asciiJson(objectName)}-`);
    this.#objects = objects;
  }

  /**
   * Takes entries that are complete in the bytes, each with the comma before it. Returns where it stopped, which is
   * always directly after an entry.
   */
  scan(bytes: Uint8Array, from: number): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let end = from;
    while (true) {
      const at = this.#readEntry(bytes, end);
      if (at < 0) return end;
      if (!decodeHex(view, this.#md5At, this.#md5View, 0, md5Bytes)) return end;
      const entry = { offset: this.#offset, length: this.#length, compression: this.#compression, md5: this.#md5 };
      this.#objects.add(this.#number, entry);
      end = at;
    }
  }

  /** Like the functions below: returns where it stopped, or a negative number if anything is unusual. */
  #readEntry(bytes: Uint8Array, from: number): number {
    let at = expectByte(bytes, expectByte(bytes, from, comma), openingBrace);
    at = expectByte(bytes, this.#readName(bytes, at), colon);
    at = expectByte(bytes, at, openingBrace);
    let seen = 0;
    while (at >= 0) {
      at = skipBlanks(bytes, at);
      const field = indexOfText(bytes, at, fields);
      if (field < 0 || (seen & (1 << field)) !== 0) return -1;
      seen |= 1 << field;
      at = expectByte(bytes, at + (fields[field]?.length ?? 0), colon);
      at = this.#readField(bytes, at, field);
      if (seen === everyField) break;
      at = expectByte(bytes, at, comma);
    }
    return expectByte(bytes, expectByte(bytes, at, closingBrace), closingBrace);
  }

  /** Reads the object name, `-` and at least five digits, without more leading zeros than five digits need. */
  #readName(bytes: Uint8Array, from: number): number {
    const start = skipBlanks(bytes, from);
    if (start < 0 || !matches(bytes, start, this.#name)) return -1;
    const digitsAt = start + this.#name.length;
    const at = this.#readDigits(bytes, digitsAt, objectNumberDigitsMax);
    const digits = at - digitsAt;
    this.#number = this.#value;
    if (digits < 5 || (digits > 5 && bytes[digitsAt] === zero) || this.#number === 0) return -1;
    return bytes[at] === quotationMark ? at + 1 : -1;
  }

  #readField(bytes: Uint8Array, from: number, field: number): number {
    const start = skipBlanks(bytes, from);
    if (start < 0) return -1;
    if (field === compressionField) {
      const index = indexOfText(bytes, start, compressionTexts);
      this.#compression = cinderCompressions[index] ?? 'none';
      return index < 0 ? -1 : start + (compressionTexts[index]?.length ?? 0);
    }
    if (field === md5Field) {
      this.#md5At = start + 1;
      const end = this.#md5At + 2 * md5Bytes;
      return bytes[start] === quotationMark && bytes[end] === quotationMark ? end + 1 : -1;
    }
    const at = this.#readDigits(bytes, start, byteNumberDigitsMax);
    if (at === start || (at > start + 1 && bytes[start] === zero)) return -1;
    // The number must not continue with a fraction, an exponent or another digit.
    const next = bytes[at] ?? 0;
    if (next !== comma && next !== closingBrace && !isBlank(next)) return -1;
    if (field === lengthField) this.#length = this.#value;
    else this.#offset = this.#value;
    return at;
  }

  #readDigits(bytes: Uint8Array, from: number, digitsMax: number): number {
    let value = 0;
    let at = from;
    for (; at < from + digitsMax; at += 1) {
      const digit = (bytes[at] ?? 0) - zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.#value = value;
    return at;
  }
}

function expectByte(bytes: Uint8Array, from: number, byte: number): number {
  const at = skipBlanks(bytes, from);
  return at >= 0 && bytes[at] === byte ? at + 1 : -1;
}

/** The index of the text at this position; negative if there is none. */
function indexOfText(bytes: Uint8Array, at: number, texts: readonly Uint8Array[]): number {
  for (let index = 0; index < texts.length; index += 1) {
    const text = texts[index];
    if (text !== undefined && matches(bytes, at, text)) return index;
  }
  return -1;
}

function matches(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index += 1) if (bytes[at + index] !== text[index]) return false;
  return true;
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isBlank(bytes[at] ?? 0)) at += 1;
  return at;
}

/** The content of a JSON string as Python writes it, in ASCII only. */
function asciiJson(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1);
  return escaped.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
