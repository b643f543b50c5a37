import { UsageError } from '../failure.ts';
import type { PlacedItem } from './placed-item.ts';

/** An item has eight short fields: a longer line is not an item. */
const lineMaxCharacters = 1024 * 1024;

/** Yields one item per line, and skips empty lines. Throws `UsageError` for a line that is not JSON. */
export async function* ndjsonItems(texts: AsyncIterable<string>): AsyncGenerator<PlacedItem> {
  let rest = '';
  let number = 0;
  for await (const text of texts) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      number += 1;
      if (line.trim() !== '') yield parseLine(line, number);
    }
    if (rest.length > lineMaxCharacters) {
      throw new UsageError(`line ${number + 1}: longer than ${lineMaxCharacters} characters`);
    }
  }
  if (rest.trim() !== '') yield parseLine(rest, number + 1);
}

function parseLine(line: string, number: number): PlacedItem {
  try {
    return { placeOf: (field) => `line ${number}, ${field ?? 'the item'}`, value: JSON.parse(line) };
  } catch (error) {
    throw new UsageError(`line ${number}: not valid JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
