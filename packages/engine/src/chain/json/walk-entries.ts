import type { BoundedJson } from './bounded-json.ts';

/** Takes the entries of a long array that are as usual straight from the bytes. */
export interface EntryScanner {
  /** Whether the array is what is being walked. */
  readonly inEntries: boolean;
  /** Takes entries that lie whole in the bytes, each with the comma before it. Returns where it stopped: right behind one. */
  scan(bytes: Uint8Array, from: number): number;
}

const closingBrace = 0x7d;
/** Open around an entry: the document, and the array. */
const entriesDepth = 2;
/** Pieces in which an entry comes whose end is sought at each closing brace: it has two at most. */
const slicesOfEntry = 4;

/** Walks on. Where entries follow one another, those that are as usual go by the walker. */
export function walkEntries(piece: Uint8Array, json: BoundedJson, entries: EntryScanner): void {
  let slices = 0;
  for (let from = 0; from < piece.length; ) {
    if (entries.inEntries && json.isBehindValueAt(entriesDepth)) {
      const to = entries.scan(piece, from);
      json.skip(to - from);
      from = to;
      slices = 0;
    }
    // The walker is stopped where an entry may end; less and less often, where none does.
    const reach = slices < slicesOfEntry ? 0 : 2 ** Math.min(slices, 20);
    const brace = entries.inEntries ? piece.indexOf(closingBrace, from + reach) : -1;
    const to = brace === -1 ? piece.length : brace + 1;
    json.write(piece.subarray(from, to));
    from = to;
    slices += 1;
  }
}
