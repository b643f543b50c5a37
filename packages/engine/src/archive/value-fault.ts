import type { Value } from './archive-format.ts';
import type { ColumnShape } from './table-shapes.ts';

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
