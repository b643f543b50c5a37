/** Rows of one insert, or values of one `in` list: well below what a database takes as parameters of one statement. */
const chunkSize = 500;

/** `values` in pieces that fit one statement each. */
export function* chunks<Value>(values: readonly Value[]): Generator<readonly Value[]> {
  for (let start = 0; start < values.length; start += chunkSize) yield values.slice(start, start + chunkSize);
}
