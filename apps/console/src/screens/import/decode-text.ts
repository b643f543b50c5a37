import { listFaults } from '../../words/lists.ts';
import { NoListError } from './list-item.ts';

/** Characters before a wrong byte that the message repeats. */
const contextCharacters = 20;

/** Decodes UTF-8, or the UTF-16 that spreadsheets write. Throws {@link NoListError} with the place of a wrong byte. */
export function decodeText(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new NoListError(describeWrongByte(bytes, encoding));
  }
}

function encodingOf([first, second, third, fourth]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const isZip = first === 0x50 && second === 0x4b && third === 3 && fourth === 4;
  const isOldWorkbook = first === 0xd0 && second === 0xcf && third === 0x11 && fourth === 0xe0;
  if (isZip || isOldWorkbook) {
    throw new NoListError(listFaults.archive);
  }
  if (first === 0x1f && second === 0x8b) throw new NoListError(listFaults.compressed);
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // Without a byte-order mark: field names and the beginning of JSON are ASCII, so every other byte is 0.
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  return first === 0 && second !== 0 && third === 0 && fourth !== 0 ? 'utf-16be' : 'utf-8';
}

function describeWrongByte(bytes: Uint8Array, encoding: string): string {
  // Decoding leniently puts this character where the first wrong byte is.
  const before = new TextDecoder(encoding).decode(bytes).split('\u{fffd}', 1)[0] ?? '';
  const line = before.split('\n').length;
  const context = before.slice(before.lastIndexOf('\n') + 1).slice(-contextCharacters);
  return listFaults.wrongByte(line, encoding.toUpperCase(), context);
}
