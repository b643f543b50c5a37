/**
 * Rows of one insert, or values of one `in` list: far fewer than the parameters that a database accepts in a statement.
 */
const chunkSize = 500;

/** Splits `values` into chunks that fit one statement each. */
export function* chunks<Value>(values: readonly Value[]): Generator<readonly Value[]> {
  for (let start = 0; start < values.length; start += chunkSize) yield values.slice(start, start + chunkSize);
}
