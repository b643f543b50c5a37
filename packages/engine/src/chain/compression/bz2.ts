// The packages that take the sources of this one need its types as well.
/// <reference path="./unbzip2-stream.d.ts" />
import readBits from '@openpgp/unbzip2-stream/lib/bit_iterator.js';
import bzip2 from '@openpgp/unbzip2-stream/lib/bzip2.js';
import { DecompressionFault } from './decompression-fault.ts';

const bytesPerLevel = 100_000;
/** A block's symbols have codes of 20 bits at most; tables come before them. */
const storedBytesPerSymbol = 2.5;
const tableBytesMax = 64 * 1024;
const levelMax = 9;
const pieceBytes = 256 * 1024;

/**
 * Undoes bzip2, one block after the other. The decoder of the library is used below its own stream, which would hold a
 * whole decompressed block, up to 46 MB where its content repeats, as an array of numbers, whatever `length` allows.
 */
export async function* decompressBz2(stored: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  const input = new BlockInput(stored);
  const output = new PieceOutput(length);
  try {
    if (!(await input.fill(levelMax))) throw new DecompressionFault('is no bz2 stream: it is empty');
    // Streams may follow each other, as where a file was compressed in parts.
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
    if (!(error instanceof bzip2.Bzip2Error)) throw error;
    throw new DecompressionFault(`is no whole bz2 stream: ${error.message}`, { cause: error });
  }
}

/** The stored bytes, read ahead so far that a block can be decoded without waiting. */
class BlockInput {
  readonly bits: ReturnType<typeof readBits>;
  readonly #source: AsyncIterator<Uint8Array>;
  /** The reader of bits takes its first piece before any is there. */
  readonly #pieces: Uint8Array[] = [new Uint8Array()];
  #receivedBytes = 0;
  #ended = false;

  constructor(stored: AsyncIterable<Uint8Array>) {
    this.#source = stored[Symbol.asyncIterator]();
    this.bits = readBits(() => this.#nextPiece());
  }

  /** Makes sure that the largest block of a level is at hand, or all that is left. False where nothing is. */
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
    if (piece === undefined) throw new DecompressionFault('is no whole bz2 stream: it breaks off');
    return piece;
  }
}

/** The plain bytes, which the decoder hands over one by one. */
class PieceOutput {
  #left: number;
  readonly #full: Uint8Array[] = [];
  #piece = new Uint8Array(pieceBytes);
  #filled = 0;

  constructor(length: number) {
    this.#left = length;
  }

  readonly add = (byte: number): void => {
    if (this.#left === 0) throw new DecompressionFault('holds more bytes than it should');
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
