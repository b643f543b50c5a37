import { type Column, formatTable } from './table.ts';
import { note, printUnwrapped, type Terminal } from './terminal.ts';

// Separate from terminal.ts: the library that knows the width of every character takes a while to load.

/** Prints a table as wide as the terminal, and names the columns left out. Without a terminal, each row is one line. */
export function printTable(terminal: Terminal, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  const { isTTY, columns: width } = terminal.output;
  const { text, leftOut } = formatTable(columns, rows, isTTY ? width : undefined);
  printUnwrapped(terminal, text);
  if (leftOut.length > 0) {
    note(terminal, `No room for ${leftOut.join(', ')}: use a wider terminal, a pipe or --json to see everything.`);
  }
}

/** Prints the fields of one thing, one per line. */
export function printFields(terminal: Terminal, rows: readonly (readonly string[])[]): void {
  printTable(terminal, [{ heading: 'FIELD' }, { heading: 'VALUE', wraps: true, keepsWords: true }], rows);
}
