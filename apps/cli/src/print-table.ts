import { type Column, formatTable } from './table.ts';
import { note, printUnwrapped, type Terminal } from './terminal.ts';

// Apart from the rest of the terminal: what knows the width of every character takes a while to load.

/** Prints rows as wide as the terminal, and what there was no room for; without a terminal, each row on one line. */
export function printTable(terminal: Terminal, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  const { isTTY, columns: width } = terminal.output;
  const { text, leftOut } = formatTable(columns, rows, isTTY ? width : undefined);
  printUnwrapped(terminal, text);
  if (leftOut.length > 0) {
    note(terminal, `No room for ${leftOut.join(', ')}: a wider terminal, a pipe or --json has everything.`);
  }
}

/** Prints what is known of one thing, a line a field. */
export function printFields(terminal: Terminal, rows: readonly (readonly string[])[]): void {
  printTable(terminal, [{ heading: 'FIELD' }, { heading: 'VALUE', wraps: true, keepsWords: true }], rows);
}
