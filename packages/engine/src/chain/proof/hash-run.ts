import { hashesAt, hashRunCode } from './hash-run-code.ts';
import { decodeHex } from './hex-digits.ts';

export const hashBytes = 32;
export const hexDigitsOfHash = hashBytes * 2;
const quotationMark = 0x22;
/** The longest lead that fits into a vector. */
const leadBytesMax = 16;

/**
 * Decodes entries of an array of hashes that follow one another in `source` from `from` on, until `target` is full.
 * Each has `lead` bytes before its 64 hex digits, the same as the first, and a quotation mark after them. Returns how
 * many hashes it decoded, 32 bytes each. Stops before an entry that is cut or unusual, even if valid.
 */
export type DecodeRun = (source: Uint8Array, from: number, lead: number, target: Uint8Array) => number;

/** The part of the standard that is used here. The libraries of TypeScript have it only for browsers. */
declare const WebAssembly: {
  validate(code: Uint8Array): boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer };
      readonly decode: (count: number, lead: number) => number;
    };
  };
};

/** Decodes with SIMD instructions; null if the processor lacks them, as the oldest models that virtual machines have. */
export const decodeRunWithSimd: DecodeRun | null = WebAssembly.validate(hashRunCode) ? compile() : null;

function compile(): DecodeRun {
  const { memory, decode } = new WebAssembly.Instance(new WebAssembly.Module(hashRunCode)).exports;
  const bytes = new Uint8Array(memory.buffer);
  return (source, from, lead, target) => {
    if (lead > leadBytesMax) return decodeRunByWords(source, from, lead, target);
    const entryBytes = entryBytesOf(lead);
    let decoded = 0;
    while (true) {
      const start = from + decoded * entryBytes;
      const room = Math.min(entriesWithin(source, start, lead), target.length / hashBytes - decoded);
      const count = Math.min(room, Math.floor(hashesAt / entryBytes));
      bytes.set(source.subarray(start, start + count * entryBytes));
      const found = decode(count, lead);
      target.set(bytes.subarray(hashesAt, hashesAt + found * hashBytes), decoded * hashBytes);
      decoded += found;
      if (found < count || count === room) return decoded;
    }
  };
}

/** Decodes four digits at a time, on any processor. */
export const decodeRunByWords: DecodeRun = (source, from, lead, target) => {
  const sourceView = new DataView(source.buffer, source.byteOffset, source.length);
  const targetView = new DataView(target.buffer, target.byteOffset, target.length);
  const entryBytes = entryBytesOf(lead);
  const count = Math.min(entriesWithin(source, from, lead), target.length / hashBytes);
  for (let decoded = 0; decoded < count; decoded += 1) {
    const at = from + decoded * entryBytes;
    for (let index = 0; index < lead; index += 1) if (source[at + index] !== source[from + index]) return decoded;
    if (source[at + lead + hexDigitsOfHash] !== quotationMark) return decoded;
    if (!decodeHex(sourceView, at + lead, targetView, decoded * hashBytes, hashBytes)) return decoded;
  }
  return count;
};

function entryBytesOf(lead: number): number {
  return lead + hexDigitsOfHash + 1;
}

function entriesWithin(source: Uint8Array, from: number, lead: number): number {
  return Math.floor((source.length - from) / entryBytesOf(lead));
}
