import { counted } from './amounts.ts';

/** What is wrong with a text that should be a list of backups. Each says where, and what to do. */
export const listFaults = {
  empty: 'It is empty.',
  noBackup: 'It is a list without a backup.',
  tooLarge: (most: string) =>
    `It is larger than ${most}. Split it, or use the command "backup-sync sync", which reads files of any size.`,
  unreadable: 'The browser cannot read the file. Check that it still exists, and choose it again.',
  archive: 'It is a workbook or another archive, not text. Save it as CSV, and choose that file.',
  compressed: 'It is compressed. Unpack it, and choose the result.',
  wrongByte: (line: number, encoding: string, before: string) =>
    `Line ${line} is not valid ${encoding}${before === '' ? '' : ` after ${JSON.stringify(before)}`}. Save the file as UTF-8; in Excel, as "CSV UTF-8".`,
  notJson: (message: string) => `It is not valid JSON: ${message}.`,
  notJsonAt: (line: number, column: number, found: string) =>
    `It is not valid JSON: line ${line}, column ${column} has an unexpected ${JSON.stringify(found)}.`,
  cutOff: 'It is not valid JSON: it ends too early, as if it was cut off.',
  noList: 'It has no "sync" list, such as {"sync":[…]} in the API, and is not a plain list.',
  lineNotJson: (line: number, message: string) => `Line ${line} is not valid JSON: ${message}.`,
  lineTooLong: (line: number) => `Line ${line} is too long for a backup.`,
  notCsv: (row: number, message: string) => `Row ${row} is not valid CSV: ${message}.`,
  openQuote: 'a quote is not closed',
  twice: (row: number, name: string, one: string, other: string) =>
    `${firstRow(row)} it has ${name} twice, in columns ${one} and ${other}.`,
  lacks: (row: number, names: readonly string[], meant: readonly Meant[]) =>
    `${firstRow(row)} it lacks ${names.join(', ')}${didYouMean(meant)}`,
  otherName: (row: number, meant: readonly Meant[]) => `${firstRow(row)} it has another name${didYouMean(meant)}`,
};

/** A field, and the name in a column that is probably meant as this field. */
export type Meant = { readonly field: string; readonly name: string; readonly column: string };

function firstRow(row: number): string {
  return `Row ${row}, the first one, must name the fields, but`;
}

function didYouMean(meant: readonly Meant[]): string {
  const guesses = meant.map(({ field, name, column }) => `${field} by ${quoted(name)} in column ${column}`);
  return guesses.length === 0 ? '.' : `. Did you mean ${guesses.join(', ')}?`;
}

/** A name in a file may have any length. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}

/** What is wrong with one item of a list. */
export const itemFaults = {
  wrongCells: (cells: number, columns: number) => `has ${counted(cells, 'cell')}; the first row has ${columns}`,
  inColumn: (field: string, column: string) => `${field} (column ${column})`,
  rounded: '; a spreadsheet has rounded it: format the column as a number without decimals',
  valueIs: (value: unknown) => ` (the value is ${JSON.stringify(value)})`,
};
