import { BoundedJson, JsonFault, type JsonScalar, type JsonVisitor } from '../json/bounded-json.ts';
import { HashArrayFault, HashArrayScanner } from './hash-array-scanner.ts';

/** The fields of `_sha256file` other than the hashes. */
export type HashFileHeader = {
  readonly version: string;
  readonly backupId: string;
  readonly volumeId: string;
  /** Bytes of the volume that one hash covers. */
  readonly blockBytes: number;
  readonly hashCount: number;
};

/** `_sha256file` is malformed. The message says what is wrong and where. */
export class HashFileFault extends Error {
  override readonly name = 'HashFileFault';
}

/**
 * The hashes of a volume's blocks: batches of consecutive 32-byte hashes, then the header. A batch is valid until the
 * next is requested, so copy it to keep it.
 */
export type HashList = AsyncGenerator<Uint8Array | HashFileHeader, void, void>;

const openingBracket = 0x5b;

/**
 * Reads `_sha256file` in pieces, in constant memory. Lines may end in blanks and keys may be in any order. Throws
 * {@link HashFileFault}, and the errors of `bytes`.
 */
export async function* readHashFile(bytes: AsyncIterable<Uint8Array>): HashList {
  const header = new HeaderCollector();
  const json = new BoundedJson(header);
  const scanner = new HashArrayScanner();
  try {
    for await (const piece of bytes) {
      let from = 0;
      while (from < piece.length) {
        if (header.hashesBegun && !scanner.ended) {
          const to = scanner.scan(piece, from);
          json.skip(to - from);
          const batch = scanner.takeBatch();
          if (batch !== null) yield batch;
          from = to;
        } else {
          // The array of hashes can begin only after an opening bracket.
          const bracket = piece.indexOf(openingBracket, from);
          const to = bracket === -1 ? piece.length : bracket + 1;
          json.write(piece.subarray(from, to));
          from = to;
        }
      }
    }
    json.end();
    yield header.finish(scanner.hashCount);
  } catch (error) {
    if (error instanceof JsonFault || error instanceof HashArrayFault) throw new HashFileFault(error.message);
    throw error;
  }
}

class HeaderCollector implements JsonVisitor {
  hashesBegun = false;
  readonly #values = new Map<string, JsonScalar>();
  #key = '';

  beginObject(depth: number): void {
    this.#refuseHashes(depth);
  }

  beginArray(depth: number): void {
    if (depth !== 1 || this.#key !== 'sha256s') return;
    if (this.hashesBegun) throw new HashFileFault('has sha256s twice');
    this.hashesBegun = true;
  }

  end(): void {}

  key(name: string, depth: number): void {
    if (depth !== 1) return;
    this.#key = name;
    if (this.#values.has(name)) throw new HashFileFault(`has ${name} twice`);
  }

  scalar(value: JsonScalar, depth: number): void {
    this.#refuseHashes(depth);
    const matters = ['version', 'backup_id', 'volume_id', 'chunk_size'].includes(this.#key);
    if (depth === 1 && matters) this.#values.set(this.#key, value);
  }

  finish(hashCount: number): HashFileHeader {
    if (!this.hashesBegun) throw new HashFileFault('has no array sha256s');
    const blockBytes = this.#values.get('chunk_size');
    if (typeof blockBytes !== 'number' || !Number.isSafeInteger(blockBytes) || blockBytes < 1) {
      throw new HashFileFault('chunk_size must be a number of bytes');
    }
    return {
      version: this.#text('version'),
      backupId: this.#text('backup_id'),
      volumeId: this.#text('volume_id'),
      blockBytes,
      hashCount,
    };
  }

  #refuseHashes(depth: number): void {
    if (depth === 1 && this.#key === 'sha256s') throw new HashFileFault('sha256s must be an array');
  }

  #text(key: string): string {
    const value = this.#values.get(key);
    if (typeof value !== 'string') throw new HashFileFault(`${key} must be text`);
    return value;
  }
}
