import { JSONParser } from '@streamparser/json';
import { listFaults } from '../../words/lists.ts';
import { itemMaxCharacters, NoListError, type TakeItem } from './list-item.ts';

/** Characters that the parser gets at once. */
const pieceCharacters = 64 * 1024;

/**
 * Reads the items of the API's body, `{"sync":[…]}`, or of a plain list, `[…]`. Throws {@link NoListError} if the text
 * is not JSON or has no such list.
 */
export function readJsonList(text: string, take: TakeItem): void {
  const isPlainList = text.trimStart().startsWith('[');
  // The parser also emits the list itself once it is complete, without the items that it emitted before.
  const parser = new JSONParser({ paths: isPlainList ? ['$.*'] : ['$.sync', '$.sync.*'], keepStack: false });
  let hasList = isPlainList;
  let count = 0;
  parser.onValue = ({ value, key, stack }) => {
    const isItem = typeof key === 'number' && stack.length === (isPlainList ? 1 : 2);
    if (isItem) {
      take({ place: `${isPlainList ? '' : 'sync'}[${count}]`, value });
      count += 1;
    } else if (key === 'sync') hasList = Array.isArray(value);
  };
  let failure: Error | null = null;
  parser.onError = (error) => {
    failure ??= error;
  };
  for (let at = 0; at < text.length && failure === null; at += pieceCharacters) {
    parser.write(text.slice(at, at + pieceCharacters));
  }
  if (failure !== null) throw new NoListError(describeFailure(text, failure));
  if (!parser.isEnded) throw new NoListError(listFaults.cutOff);
  if (!hasList) throw new NoListError(listFaults.noList);
}

/** Reads one item per line, and skips empty lines. Throws {@link NoListError} for a line that is not JSON. */
export function readNdjsonList(text: string, take: TakeItem): void {
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    number += 1;
    if (end - start > itemMaxCharacters) throw new NoListError(listFaults.lineTooLong(number));
    const line = text.slice(start, end);
    if (line.trim() !== '') take({ place: `line ${number}`, value: parseLine(line, number) });
    start = end + 1;
  }
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new NoListError(listFaults.lineNotJson(number, (error as Error).message));
  }
}

function describeFailure(text: string, { message }: Error): string {
  // The parser counts bytes of UTF-8.
  const [, character, position] = /^Unexpected "([\s\S]*)" at .*absolute position "(\d+)"/.exec(message) ?? [];
  if (position === undefined) return listFaults.notJson(message);
  const before = new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, Number(position)));
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  return listFaults.notJsonAt(line, column, character ?? '');
}
