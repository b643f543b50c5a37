import { JSONParser } from '@streamparser/json';
import { UsageError } from '../failure.ts';
import type { PlacedItem } from './placed-item.ts';

/**
 * Yields the items of the API's body, `{"sync":[…]}`, or of a plain list, `[…]`, each as soon as it is read. Throws
 * `UsageError` if the text is not JSON or has no such list.
 */
export async function* jsonItems(texts: AsyncIterable<string>): AsyncGenerator<PlacedItem> {
  let parsed: ItemParser | null = null;
  for await (const text of texts) {
    const start = parsed === null ? text.replace(/^\u{feff}/u, '').trimStart() : text;
    if (start === '') continue;
    parsed ??= new ItemParser(start.startsWith('['));
    yield* parsed.read(start);
  }
  parsed?.end();
}

class ItemParser {
  readonly #parser: JSONParser;
  readonly #isPlainList: boolean;
  #ready: PlacedItem[] = [];
  #count = 0;
  #hasList: boolean;

  constructor(isPlainList: boolean) {
    this.#isPlainList = isPlainList;
    this.#hasList = isPlainList;
    // The parser also emits the list itself once it is complete, without the items that it emitted before.
    this.#parser = new JSONParser({ paths: isPlainList ? ['$.*'] : ['$.sync', '$.sync.*'], keepStack: false });
    this.#parser.onValue = ({ value, key, stack }) => {
      const isItem = typeof key === 'number' && stack.length === (isPlainList ? 1 : 2);
      if (isItem) this.#add(value);
      else if (key === 'sync') this.#hasList = Array.isArray(value);
    };
    this.#parser.onError = (error) => {
      throw new UsageError(`not valid JSON: ${error.message}`, { cause: error });
    };
  }

  *read(text: string): Generator<PlacedItem> {
    this.#parser.write(text);
    const ready = this.#ready;
    this.#ready = [];
    yield* ready;
  }

  end(): void {
    if (!this.#parser.isEnded) throw new UsageError('not valid JSON: it ends too early, as if the file was cut off');
    if (!this.#hasList) throw new UsageError('no "sync" list, such as {"sync":[…]} in the API, and not a plain list');
  }

  #add(value: unknown): void {
    const place = `${this.#isPlainList ? '' : 'sync'}[${this.#count}]`;
    this.#ready.push({ placeOf: (field) => (field === null ? place : `${place}.${field}`), value });
    this.#count += 1;
  }
}
