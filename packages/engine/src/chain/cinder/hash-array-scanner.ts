import { quote } from '../quote.ts';
import { decodeHex } from './hex-digits.ts';

export const hashBytes = 32;
const hexDigitsOfHash = hashBytes * 2;
/** Hashes are handed on in pieces of this many: 64 KiB. */
const batchHashes = 2048;

const hexValues = new Int8Array(256).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  hexValues[digit.charCodeAt(0)] = value;
  hexValues[digit.toUpperCase().charCodeAt(0)] = value;
}

const quotationMark = 0x22;
const comma = 0x2c;
const closingBracket = 0x5d;

type State = 'first' | 'next' | 'inside' | 'behind' | 'ended';

/** The array of hashes is not as it must be. */
export class HashArrayFault extends Error {
  override readonly name = 'HashArrayFault';
}

/**
 * Reads the inside of a JSON array of SHA-256 hashes, `"<64 hex digits>", …`, into bytes. A terabyte's array is more
 * than two gigabytes of text: this is twice as fast as a tokenizer for all of JSON.
 */
export class HashArrayScanner {
  #state: State = 'first';
  #digits = 0;
  #high = 0;
  #batch = new Uint8Array(batchHashes * hashBytes);
  #filled = 0;
  #hashCount = 0;
  #batches: Uint8Array[] = [];

  get ended(): boolean {
    return this.#state === 'ended';
  }

  get hashCount(): number {
    return this.#hashCount;
  }

  /** Reads on from `from`. Returns where it stopped: at the closing bracket, or at the end of the bytes. */
  scan(bytes: Uint8Array, from: number): number {
    let index = from;
    while (index < bytes.length) {
      if (this.#state === 'inside') {
        index = this.#scanHash(bytes, index);
        continue;
      }
      if (this.#state === 'behind') index = this.#scanWholeHashes(bytes, index);
      while (index < bytes.length && isBlank(bytes[index] ?? 0)) index += 1;
      if (index === bytes.length) break;
      const byte = bytes[index] ?? 0;
      if (byte === closingBracket && (this.#state === 'first' || this.#state === 'behind')) {
        this.#state = 'ended';
        return index;
      }
      if (byte === quotationMark && (this.#state === 'first' || this.#state === 'next')) this.#state = 'inside';
      else if (byte === comma && this.#state === 'behind') this.#state = 'next';
      else this.#refuse(byte);
      index += 1;
    }
    return index;
  }

  /** The full batches since the last call, consecutive hashes of 32 bytes; at the end of the array, the rest too. */
  takeBatches(): readonly Uint8Array[] {
    if (this.ended && this.#filled > 0) this.#closeBatch();
    const batches = this.#batches;
    this.#batches = [];
    return batches;
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
    if (this.#filled === this.#batch.length) this.#closeBatch();
    return digitsEnd + 1;
  }

  /**
   * The usual case: hashes that lie whole in the bytes, each with the comma before it. Returns where it stopped: right
   * behind a hash. What is not right is left, to be found by the scan byte for byte.
   */
  #scanWholeHashes(bytes: Uint8Array, from: number): number {
    let end = from;
    while (true) {
      let at = end;
      while (isBlank(bytes[at] ?? 0)) at += 1;
      if (bytes[at] !== comma) return end;
      at += 1;
      while (isBlank(bytes[at] ?? 0)) at += 1;
      if (bytes[at] !== quotationMark || bytes[at + 1 + hexDigitsOfHash] !== quotationMark) return end;
      if (!decodeHex(bytes, at + 1, this.#batch, this.#filled, hashBytes)) return end;
      end = at + 2 + hexDigitsOfHash;
      this.#filled += hashBytes;
      this.#hashCount += 1;
      if (this.#filled === this.#batch.length) this.#closeBatch();
    }
  }

  /** A hash that is cut by the end of a piece goes on digit by digit. */
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

  #closeBatch(): void {
    this.#batches.push(this.#batch.subarray(0, this.#filled));
    this.#batch = new Uint8Array(batchHashes * hashBytes);
    this.#filled = 0;
  }

  #refuse(byte: number): never {
    const character = quote(String.fromCharCode(byte));
    throw new HashArrayFault(`sha256s[${this.#hashCount}] must be 64 hex digits in quotes, and has ${character}`);
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
