import { TextDecoder } from 'node:util';
import { UsageError } from '../failure.ts';

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Enough to recognise a byte-order mark, or a file that is not text. */
const beginningBytes = 4;
const contextCharacters = 20;

/** Decodes UTF-8, or the UTF-16 that spreadsheets write. Throws `UsageError` with the place of the first wrong byte. */
export async function* decode(bytes: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  let reader: TextReader | null = null;
  for await (const chunk of withBeginning(bytes)) {
    reader ??= new TextReader(encodingOf(chunk));
    yield reader.read(chunk);
  }
  yield reader?.end() ?? '';
}

/** The same bytes, with the first {@link beginningBytes} in one chunk. */
async function* withBeginning(bytes: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let beginning = Buffer.alloc(0);
  let begun = false;
  for await (const piece of bytes) {
    const chunk = Buffer.from(piece);
    if (begun) yield chunk;
    else {
      beginning = Buffer.concat([beginning, chunk]);
      begun = beginning.length >= beginningBytes;
      if (begun) yield beginning;
    }
  }
  if (!begun) yield beginning;
}

function encodingOf(beginning: Buffer): Encoding {
  const [first, second, third, fourth] = beginning;
  const isZip = first === 0x50 && second === 0x4b && third === 3 && fourth === 4;
  const isOldWorkbook = first === 0xd0 && second === 0xcf && third === 0x11 && fourth === 0xe0;
  if (isZip || isOldWorkbook) {
    throw new UsageError('a workbook or another zip archive, not text: save it as CSV, and use that file');
  }
  if (first === 0x1f && second === 0x8b) {
    throw new UsageError('a compressed file: unpack it first, for example with gunzip -c FILE | backup-sync sync -');
  }
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // Without a byte-order mark: field names and the beginning of JSON are ASCII, so every other byte is 0.
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  return first === 0 && second !== 0 && third === 0 && fourth !== 0 ? 'utf-16be' : 'utf-8';
}

class TextReader {
  readonly #encoding: Encoding;
  readonly #decoder: TextDecoder;
  #atStart = true;
  /** The bytes of an incomplete character. */
  #pending: Buffer = Buffer.alloc(0);
  #lines = 1;
  #lastLine = '';

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
    this.#decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  }

  read(chunk: Buffer): string {
    return this.#decode(chunk, true);
  }

  end(): string {
    return this.#decode(Buffer.alloc(0), false);
  }

  #decode(chunk: Buffer, stream: boolean): string {
    let text: string;
    try {
      text = this.#decoder.decode(chunk, { stream });
    } catch (error) {
      throw this.#refusal(Buffer.concat([this.#pending, chunk]), error);
    }
    if (this.#encoding === 'utf-8') {
      const taken = Buffer.byteLength(text) - this.#pending.length;
      this.#pending = taken < 0 ? Buffer.concat([this.#pending, chunk]) : chunk.subarray(taken);
    }
    this.#note(text);
    if (!this.#atStart || text === '') return text;
    this.#atStart = false;
    return text.replace(/^\u{feff}/u, '');
  }

  #note(text: string): void {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#lines += 1;
    const line = text.slice(text.lastIndexOf('\n') + 1);
    this.#lastLine = (line.length < text.length ? line : this.#lastLine + line).slice(-contextCharacters);
  }

  /** The error for bytes that cannot be decoded, with the place of the first wrong one. */
  #refusal(bytes: Buffer, cause: unknown): UsageError {
    const name = this.#encoding === 'utf-8' ? 'UTF-8' : 'UTF-16';
    if (name === 'UTF-16') return new UsageError(`line ${this.#lines} or after: not valid ${name}`, { cause });
    // Decoding replaces wrong bytes, so encoding the result again differs at the first wrong byte.
    const read = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
    const at = bytes.findIndex((byte, index) => byte !== read[index]);
    this.#note(bytes.subarray(0, at).toString());
    const byte = `byte 0x${(bytes[at] ?? 0).toString(16).toUpperCase()}`;
    const after = this.#lastLine === '' ? '' : ` after ${JSON.stringify(this.#lastLine)}`;
    return new UsageError(
      `line ${this.#lines}: not valid ${name}${after} (${byte}); save the file as UTF-8, in Excel as "CSV UTF-8"`,
      { cause },
    );
  }
}
