import type { Row, Value } from './archive-format.ts';
import type { ColumnShape, TableShape } from './table-shapes.ts';

/** Says why a column cannot have this value; null if it can. */
export function valueFault({ type, isNullable }: ColumnShape, value: unknown): string | null {
  if (value === null) return isNullable ? null : 'is null, and must have a value';
  if (type === 'text') return typeof value === 'string' ? textFault(value) : 'is not text';
  if (typeof value !== 'number') return 'is not a number';
  return type === 'real' || Number.isSafeInteger(value) ? null : 'is not an integer of at most 53 bits';
}

function textFault(text: string): string | null {
  return text.isWellFormed() ? null : 'has half of a surrogate pair, which no database stores';
}

/** Says why PostgreSQL cannot store a value that SQLite can; null if it can. */
export function postgresFault(value: Value): string | null {
  return typeof value === 'string' && value.includes('\0')
    ? 'has a NUL character, which PostgreSQL cannot store'
    : null;
}

/**
 * Replaces NUL characters, as nodes do when they store the key of an object that has one. Not in the key of the row:
 * it would have another place in the order of the rows, and might be that of another row.
 */
export function withoutNul({ columns, key }: TableShape, row: Row): Row {
  if (!row.some((value) => postgresFault(value) !== null)) return row;
  return row.map((value, index) =>
    typeof value !== 'string' || key.includes(columns[index]?.name ?? '') ? value : value.replaceAll('\0', '\ufffd'),
  );
}
