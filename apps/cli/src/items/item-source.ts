import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { UsageError } from '../failure.ts';
import { csvItems } from './csv-items.ts';
import { detectFormat, type ItemFormat } from './detect-format.ts';
import { jsonItems } from './json-items.ts';
import { ndjsonItems } from './ndjson-items.ts';
import type { PlacedItem } from './placed-item.ts';

/** Where items come from. */
export type ItemSource = {
  /** The file as it was named, or `standard input`. */
  readonly name: string;
  /** It can be read more than once: a file, no pipe. */
  readonly isFile: boolean;
  /** Reads it from its beginning, in any amount of input in the same memory. */
  read(): AsyncGenerator<PlacedItem>;
};

const itemsOf = { json: jsonItems, ndjson: ndjsonItems, csv: csvItems } as const satisfies Record<ItemFormat, unknown>;

/** Opens a file, or standard input for `-`. Throws `UsageError` where there is no such file. */
export async function openItemSource(
  file: string,
  input: NodeJS.ReadStream,
  format: ItemFormat | undefined,
): Promise<ItemSource> {
  const isInput = file === '-';
  const name = isInput ? 'standard input' : file;
  return {
    name,
    isFile: !isInput && (await statOf(file)).isFile(),
    async *read() {
      try {
        yield* readItems(file, isInput ? input : createReadStream(file), format);
      } catch (error) {
        if (error instanceof UsageError) throw new UsageError(`${name}: ${error.message}`, { cause: error });
        if (isSystemError(error)) throw unreadable(file, error);
        throw error;
      }
    },
  };
}

async function* readItems(
  file: string,
  bytes: AsyncIterable<Buffer | string>,
  format: ItemFormat | undefined,
): AsyncGenerator<PlacedItem> {
  const texts = decode(bytes);
  const first = await texts.next();
  if (first.done) return;
  const whole = (async function* () {
    yield first.value;
    yield* texts;
  })();
  yield* itemsOf[format ?? detectFormat(file, first.value)](whole);
}

async function* decode(bytes: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of bytes) yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError('is not text in UTF-8', { cause: error });
    throw error;
  }
}

async function statOf(file: string) {
  try {
    return await stat(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function unreadable(file: string, error: unknown): UsageError {
  const code = isSystemError(error) ? String(error.code) : String(error);
  const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
  return new UsageError(`the file ${file} ${why}`, { cause: error });
}
