import type { BoundedJson } from './bounded-json.ts';

/** Reads the usual entries of a long array directly from the bytes, without the parser. */
export interface EntryScanner {
  /** Whether the parser is inside the array. */
  readonly inEntries: boolean;
  /** Reads complete entries, each preceded by a comma. Returns where it stopped, right after an entry. */
  scan(bytes: Uint8Array, from: number): number;
}

const openingBracket = 0x5b;
const closingBrace = 0x7d;
/** Containers open around an entry: the document and the array. */
const entriesDepth = 2;
/** Slices of an entry that each end at the next closing brace. A usual entry has at most two such braces. */
const slicesOfEntry = 4;

/** Parses a piece. Usual entries that follow one another bypass the parser. */
export function walkEntries(piece: Uint8Array, json: BoundedJson, entries: EntryScanner): void {
  let slices = 0;
  for (let from = 0; from < piece.length; ) {
    if (entries.inEntries && json.isBehindValueAt(entriesDepth)) {
      const to = entries.scan(piece, from);
      json.skip(to - from);
      from = to;
      slices = 0;
    }
    // Stop the parser wherever the array may begin or an entry may end, but less and less often while none does.
    const reach = slices < slicesOfEntry ? 0 : 2 ** Math.min(slices, 20);
    const stop = piece.indexOf(entries.inEntries ? closingBrace : openingBracket, from + reach);
    const to = stop === -1 ? piece.length : stop + 1;
    json.write(piece.subarray(from, to));
    from = to;
    slices += 1;
  }
}
