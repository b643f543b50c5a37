const chunkRows = 4096;
/** A column starts this small, because there may be hundreds of thousands of columns with one or two rows. */
const rowsAtFirst = 4;

type Differences = Int8Array | Int16Array | Int32Array | Float64Array;

type Chunk = { readonly base: number; differences: Differences };

const widths = [Int8Array, Int16Array, Int32Array, Float64Array] as const;

/**
 * A packed column of whole numbers, filled from the first row on. It is exact for every safe integer. Neighbouring rows
 * have similar values, so each chunk of rows keeps only the differences from its first, in as few bytes as they need:
 * one for equal lengths, two for numbers that rise by one, never more than eight.
 */
export class NumberColumn {
  readonly #chunks: Chunk[] = [];

  at(row: number): number {
    const chunk = this.#chunks[Math.floor(row / chunkRows)];
    return chunk === undefined ? 0 : chunk.base + (chunk.differences[row % chunkRows] ?? 0);
  }

  set(row: number, value: number): void {
    const index = Math.floor(row / chunkRows);
    let chunk = this.#chunks[index];
    if (chunk === undefined) {
      chunk = { base: value, differences: new Int8Array(index === 0 ? rowsAtFirst : chunkRows) };
      this.#chunks[index] = chunk;
    }
    const at = row % chunkRows;
    const difference = value - chunk.base;
    chunk.differences[at] = difference;
    // A difference that does not fit reads back changed.
    if (chunk.differences[at] !== difference) chunk.differences = grown(chunk.differences, at, difference);
  }
}

/** A copy that has room for this row and this value, with the value stored. */
function grown(differences: Differences, at: number, difference: number): Differences {
  const length = at < differences.length ? differences.length : Math.min(chunkRows, 2 * at);
  for (const Width of widths) {
    if (Width.BYTES_PER_ELEMENT < differences.BYTES_PER_ELEMENT) continue;
    const copy = new Width(length);
    copy[at] = difference;
    if (copy[at] !== difference) continue;
    copy.set(differences);
    copy[at] = difference;
    return copy;
  }
  throw new TypeError(`${difference} is not a number`);
}
