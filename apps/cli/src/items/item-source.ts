import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { UsageError } from '../failure.ts';
import { hasFirstRow } from './csv-dialect.ts';
import { csvItems } from './csv-items.ts';
import { decode } from './decode.ts';
import { detectFormat, type ItemFormat } from './detect-format.ts';
import { jsonItems } from './json-items.ts';
import { ndjsonItems } from './ndjson-items.ts';
import type { PlacedItem } from './placed-item.ts';

/** A file or standard input with a list of items. */
export type ItemSource = {
  /** The file as it was named, or `standard input`. */
  readonly name: string;
  /** Whether it can be read more than once: a file, not a pipe. */
  readonly isFile: boolean;
  /** Reads it from the beginning. Memory does not grow with the size of the input. */
  read(): AsyncGenerator<PlacedItem>;
};

/** Maximum number of characters read to detect the format. */
const beginningCharacters = 64 * 1024;

const itemsOf = { json: jsonItems, ndjson: ndjsonItems, csv: csvItems } as const satisfies Record<ItemFormat, unknown>;

/**
 * Opens a file, or standard input for `-`. Throws `UsageError` if there is no such file. Reading throws an `AbortError`
 * once the signal is aborted: input from a terminal may never end.
 */
export async function openItemSource(
  file: string,
  input: NodeJS.ReadStream,
  format: ItemFormat | undefined,
  signal?: AbortSignal,
): Promise<ItemSource> {
  const isInput = file === '-';
  const name = isInput ? 'standard input' : file;
  return {
    name,
    isFile: !isInput && (await statOf(file)).isFile(),
    async *read() {
      try {
        const stream = isInput ? input : createReadStream(file);
        yield* readItems(file, signal === undefined ? stream : addAbortSignal(signal, stream), format);
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
  // A pipe may deliver pieces; the format is detected from the first row.
  let beginning = '';
  while (beginning.length < beginningCharacters && !hasFirstRow(beginning)) {
    const { value, done } = await texts.next();
    if (done) break;
    beginning += value;
  }
  if (beginning === '') return;
  const whole = (async function* () {
    yield beginning;
    yield* texts;
  })();
  yield* itemsOf[format ?? detectFormat(file, beginning)](whole, beginning);
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
  const why = code === 'ENOENT' ? 'does not exist: check the path' : `cannot be read (${code})`;
  return new UsageError(`the file ${file} ${why}`, { cause: error });
}
