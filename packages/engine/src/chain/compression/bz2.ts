// Packages that import the sources of this package need these types too.
/// <reference path="./unbzip2-stream.d.ts" />
import readBits from '@openpgp/unbzip2-stream/lib/bit_iterator.js';
import bzip2 from '@openpgp/unbzip2-stream/lib/bzip2.js';
import { DecompressionFault } from './decompression-fault.ts';

const bytesPerLevel = 100_000;
/** Codes of a block's symbols have at most 20 bits. Tables precede them. */
const storedBytesPerSymbol = 2.5;
const tableBytesMax = 64 * 1024;
const levelMax = 9;
const pieceBytes = 256 * 1024;

/**
 * Decompresses bzip2, block by block. Uses the library's decoder without its stream. The stream would keep a whole
 * decompressed block as an array of numbers, up to 46 MB for repetitive content, regardless of `length`.
 */
export async function* decompressBz2(stored: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  const input = new BlockInput(stored);
  const output = new PieceOutput(length);
  try {
    if (!(await input.fill(levelMax))) throw new DecompressionFault('not a bz2 stream: the object is empty');
    // Several streams may follow each other, for example if a file was compressed in parts.
    while (await input.fill(levelMax)) {
      const level = decode(() => bzip2.header(input.bits));
      const symbols = new Int32Array(bytesPerLevel * level);
      let checksum: number | null = 0;
      while (checksum !== null) {
        await input.fill(level);
        const before: number = checksum;
        checksum = decode(() => bzip2.decompress(input.bits, output.add, symbols, symbols.length, before));
        yield* output.take();
      }
    }
    yield* output.finish();
  } finally {
    await input.close();
  }
}

function decode<Result>(step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    // The decoder does not check everything: tables of damaged blocks may lead it to where nothing is.
    if (!(error instanceof bzip2.Bzip2Error || error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new DecompressionFault(`not a complete bz2 stream: ${error.message}`, { cause: error });
  }
}

/** The stored bytes, read ahead far enough to decode a block without waiting. */
class BlockInput {
  readonly bits: ReturnType<typeof readBits>;
  readonly #source: AsyncIterator<Uint8Array>;
  /** Begins with an empty piece, because the bit reader takes its first piece before any has arrived. */
  readonly #pieces: Uint8Array[] = [new Uint8Array()];
  #receivedBytes = 0;
  #ended = false;

  constructor(stored: AsyncIterable<Uint8Array>) {
    this.#source = stored[Symbol.asyncIterator]();
    this.bits = readBits(() => this.#nextPiece());
  }

  /** Buffers the largest possible block of a level, or all that is left. Returns false if nothing is left. */
  async fill(level: number): Promise<boolean> {
    const wanted = bytesPerLevel * level * storedBytesPerSymbol + tableBytesMax;
    while (!this.#ended && this.#receivedBytes - this.bits.bytesRead < wanted) {
      const { done, value } = await this.#source.next();
      if (done === true) this.#ended = true;
      else if (value.length > 0) {
        this.#pieces.push(value);
        this.#receivedBytes += value.length;
      }
    }
    return this.#receivedBytes > this.bits.bytesRead;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #nextPiece(): Uint8Array {
    const piece = this.#pieces.shift();
    if (piece === undefined) throw new DecompressionFault('not a complete bz2 stream: it ends too early');
    return piece;
  }
}

/** Collects the plain bytes, which the decoder returns one by one. */
class PieceOutput {
  #left: number;
  readonly #full: Uint8Array[] = [];
  #piece = new Uint8Array(pieceBytes);
  #filled = 0;

  constructor(length: number) {
    this.#left = length;
  }

  readonly add = (byte: number): void => {
    if (this.#left === 0) throw new DecompressionFault('it has more plain bytes than the metadata says');
    this.#left -= 1;
    this.#piece[this.#filled] = byte;
    this.#filled += 1;
    if (this.#filled === pieceBytes) {
      this.#full.push(this.#piece);
      this.#piece = new Uint8Array(pieceBytes);
      this.#filled = 0;
    }
  };

  take(): readonly Uint8Array[] {
    return this.#full.splice(0);
  }

  finish(): readonly Uint8Array[] {
    return [this.#piece.subarray(0, this.#filled)];
  }
}
