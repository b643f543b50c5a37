const chunkRows = 4096;
/** There may be hundreds of thousands of columns with a row or two. */
const rowsAtFirst = 4;

type Differences = Int8Array | Int16Array | Int32Array | Float64Array;

type Chunk = { readonly base: number; differences: Differences };

const widths = [Int8Array, Int16Array, Int32Array, Float64Array] as const;

/**
 * Whole numbers, a row each, filled from the first row on; exact for every integer that is safe. Rows beside each other
 * hold much the same, so of each stretch of rows what they differ from its first is kept, in as few bytes as hold it:
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
    // What does not fit is not what was put there.
    if (chunk.differences[at] !== difference) chunk.differences = grown(chunk.differences, at, difference);
  }
}

/** A copy in which there is room for this row with this value, and it is there. */
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
  throw new TypeError(`${difference} is no number`);
}
