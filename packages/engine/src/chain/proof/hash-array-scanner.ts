import { quote } from '../../quote.ts';
import { type DecodeRun, decodeRunByWords, decodeRunWithSimd, hashBytes, hexDigitsOfHash } from './hash-run.ts';

const decodeRun: DecodeRun = decodeRunWithSimd ?? decodeRunByWords;
/** Hashes per batch: 64 KiB. */
const batchHashes = 2048;
const batchBytes = batchHashes * hashBytes;

const hexValues = new Int8Array(256).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  hexValues[digit.charCodeAt(0)] = value;
  hexValues[digit.toUpperCase().charCodeAt(0)] = value;
}

const quotationMark = 0x22;
const commaByte = 0x2c;
const closingBracket = 0x5d;

type State = 'first' | 'next' | 'inside' | 'behind' | 'ended';

/** The array of hashes is malformed. The message says where. */
export class HashArrayFault extends Error {
  override readonly name = 'HashArrayFault';
}

/**
 * Decodes the inside of a JSON array of SHA-256 hashes, `"<64 hex digits>", …`, into bytes. The array of a terabyte is
 * more than two gigabytes of text, and a general JSON tokenizer would take ten times as long.
 */
export class HashArrayScanner {
  #state: State = 'first';
  #digits = 0;
  #high = 0;
  readonly #batch = new Uint8Array(batchBytes);
  #filled = 0;
  #hashCount = 0;

  get ended(): boolean {
    return this.#state === 'ended';
  }

  get hashCount(): number {
    return this.#hashCount;
  }

  /**
   * Scans from `from` and returns where it stopped: at the closing bracket, at the end of the bytes, or when a batch is
   * full. Take a full batch before scanning on. Throws {@link HashArrayFault}.
   */
  scan(bytes: Uint8Array, from: number): number {
    let index = from;
    while (index < bytes.length && this.#filled < batchBytes) {
      if (this.#state === 'inside') {
        index = this.#scanHash(bytes, index);
        continue;
      }
      if (this.#state === 'behind') {
        index = this.#scanWholeHashes(bytes, index);
        if (this.#filled === batchBytes) break;
      }
      index = skipBlanks(bytes, index);
      if (index === bytes.length) break;
      const byte = bytes[index] ?? 0;
      if (byte === closingBracket && (this.#state === 'first' || this.#state === 'behind')) {
        this.#state = 'ended';
        return index;
      }
      if (byte === quotationMark && (this.#state === 'first' || this.#state === 'next')) this.#state = 'inside';
      else if (byte === commaByte && this.#state === 'behind') this.#state = 'next';
      else this.#refuse(byte);
      index += 1;
    }
    return index;
  }

  /**
   * Returns a full batch of consecutive 32-byte hashes, or the rest at the end of the array; otherwise null.
   * Valid until the next scan.
   */
  takeBatch(): Uint8Array | null {
    const length = this.#filled;
    if (length === 0 || (length < batchBytes && !this.ended)) return null;
    this.#filled = 0;
    return this.#batch.subarray(0, length);
  }

  #scanHash(bytes: Uint8Array, from: number): number {
    const digitsEnd = from + hexDigitsOfHash - this.#digits;
    for (let index = from; index < digitsEnd; index += 1) {
      if (index === bytes.length) return index;
      this.#takeDigit(bytes[index] ?? 0);
    }
    if (digitsEnd === bytes.length) return digitsEnd;
    const byte = bytes[digitsEnd] ?? 0;
    if (byte !== quotationMark) this.#refuse(byte);
    this.#digits = 0;
    this.#hashCount += 1;
    this.#state = 'behind';
    return digitsEnd + 1;
  }

  /**
   * The fast path: hashes that are complete in these bytes, each preceded by a comma. Returns where it stopped, right
   * after a hash. Anything else is left to the byte-by-byte scan, which reports faults.
   */
  #scanWholeHashes(bytes: Uint8Array, from: number): number {
    let end = from;
    while (this.#filled < batchBytes) {
      const comma = skipBlanks(bytes, end);
      if (bytes[comma] !== commaByte) break;
      const quote = skipBlanks(bytes, comma + 1);
      if (bytes[quote] !== quotationMark) break;
      const lead = quote + 1 - end;
      const decoded = decodeRun(bytes, end, lead, this.#batch.subarray(this.#filled));
      if (decoded === 0) break;
      this.#filled += decoded * hashBytes;
      this.#hashCount += decoded;
      end += decoded * (lead + hexDigitsOfHash + 1);
    }
    return end;
  }

  /** Takes one digit of a hash that the end of a piece may cut. */
  #takeDigit(byte: number): void {
    const value = hexValues[byte] ?? -1;
    if (value < 0) this.#refuse(byte);
    if (this.#digits % 2 === 0) this.#high = value;
    else {
      this.#batch[this.#filled] = this.#high * 16 + value;
      this.#filled += 1;
    }
    this.#digits += 1;
  }

  #refuse(byte: number): never {
    const character = quote(String.fromCharCode(byte));
    throw new HashArrayFault(`sha256s[${this.#hashCount}] must be 64 hex digits in quotes, but contains ${character}`);
  }
}

/** Stops at the end of the bytes, since no byte there counts as a blank. */
function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isBlank(bytes[at] ?? 0)) at += 1;
  return at;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
