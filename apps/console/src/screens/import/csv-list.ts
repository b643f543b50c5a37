import { backupSync } from '@backup-sync/contracts';
import { CsvError, parse } from 'csv-parse/browser/esm/sync';
import leven from 'leven';
import { itemFaults, listFaults, type Meant } from '../../words/lists.ts';
import { itemMaxCharacters, type ListItem, NoListError, type TakeItem } from './list-item.ts';

const fields = Object.keys(backupSync.shape);
const knownFields: ReadonlySet<string> = new Set(fields);
const optionalFields: ReadonlySet<string> = new Set(['resource_type']);
const delimiters = [',', ';', '\t', '|'] as const;
/** A `sep=` line, which spreadsheets read and do not show. One that saves it again may quote it and add blank cells. */
const sepLine = /^"?sep=([^"\w\s]|\t)"?[,;|\t ]*(?:\r\n|\n|\r)/i;
/** Maximum number of wrong letters in a misspelt field name. */
const slipsMax = 2;
/** Characters in which the first row is looked for. */
const beginningCharacters = 64 * 1024;

/** The columns, by field. */
type Columns = {
  readonly indexOf: ReadonlyMap<string, number>;
  readonly letters: ReadonlyMap<string, string>;
  readonly count: number;
};

/**
 * Reads one item per row after the first, which names the fields. Ignores other columns and blank rows; an empty cell
 * of `resource_type` counts as absent. Throws {@link NoListError} if a column is missing or the text is not CSV.
 */
export function readCsvList(text: string, take: TakeItem): void {
  const [line = '', separator] = sepLine.exec(text) ?? [];
  const rows = text.slice(line.length);
  const delimiter = separator ?? delimiterOf(rows.slice(0, beginningCharacters));
  const isTab = delimiter === '\t';
  let columns: Columns | null = null;
  let row = 0;
  const readRow = (read: readonly string[]) => {
    row += 1;
    const cells = isTab ? read.map((cell) => cell.trim()) : read;
    if (cells.some((cell) => cell.trim() !== '')) {
      if (columns === null) columns = columnsOf(cells, row);
      else take(itemOf(cells, row, columns));
    }
    // The parser keeps nothing.
    return null;
  };
  try {
    parse(rows, {
      bom: true,
      delimiter,
      max_record_size: itemMaxCharacters,
      on_record: readRow,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      // Trimming would remove tabs, which separate the cells here.
      trim: !isTab,
    });
  } catch (error) {
    if (error instanceof CsvError) throw new NoListError(describeCsvError(error, row + 1));
    throw error;
  }
}

function describeCsvError({ code, message }: CsvError, row: number): string {
  const isOpen = code === 'CSV_MAX_RECORD_SIZE' || code === 'CSV_QUOTE_NOT_CLOSED';
  return listFaults.notCsv(row, isOpen ? listFaults.openQuote : message);
}

/** The delimiter by which the first row that is not blank has the most known fields. */
function delimiterOf(beginning: string): string {
  const first = beginning.split(/\r\n|\n|\r/).find((line) => /[^\s,;|"]/.test(line)) ?? '';
  const fieldsBy = (delimiter: string) => first.split(delimiter).filter((cell) => knownFields.has(nameIn(cell))).length;
  const cellsBy = (delimiter: string) => first.split(delimiter).length;
  const [best] = delimiters.toSorted((one, other) => fieldsBy(other) - fieldsBy(one) || cellsBy(other) - cellsBy(one));
  return best ?? ',';
}

/** The name of a column without blanks, quotes and byte-order marks around it, which joined files may have anywhere. */
function nameIn(cell: string): string {
  return cell.replaceAll(/^[\s\u{feff}"]+|[\s"]+$/gu, '');
}

/** Reads the first row. Refuses a name that almost matches a field: ignoring it would lose the column. */
function columnsOf(cells: readonly string[], row: number): Columns {
  const indexOf = new Map<string, number>();
  const others: Omit<Meant, 'field'>[] = [];
  for (const [index, cell] of cells.entries()) {
    const name = nameIn(cell);
    const first = indexOf.get(name);
    if (first !== undefined) throw new NoListError(listFaults.twice(row, name, lettersOf(first), lettersOf(index)));
    if (knownFields.has(name)) indexOf.set(name, index);
    else if (name !== '') others.push({ name, column: lettersOf(index) });
  }
  const lacking = fields.filter((field) => !indexOf.has(field));
  const meant = lacking.flatMap((field) => {
    const isClose = (name: string) => leven(plain(name), plain(field), { maxDistance: slipsMax + 1 }) <= slipsMax;
    const other = others.find(({ name }) => isClose(name));
    return other === undefined ? [] : [{ field, ...other }];
  });
  const missing = lacking.filter((field) => !optionalFields.has(field));
  if (missing.length > 0) throw new NoListError(listFaults.lacks(row, missing, meant));
  if (meant.length > 0) throw new NoListError(listFaults.otherName(row, meant));
  const letters = new Map(Array.from(indexOf, ([field, index]) => [field, lettersOf(index)]));
  return { indexOf, letters, count: cells.length };
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

function itemOf(cells: readonly string[], row: number, { indexOf, letters, count }: Columns): ListItem {
  const value: Record<string, unknown> = {};
  let isShort = false;
  for (const [field, index] of indexOf) {
    const cell = cells[index];
    if (optionalFields.has(field)) {
      if (cell !== undefined && cell !== '') value[field] = cell;
      continue;
    }
    isShort ||= cell === undefined;
    // Text that is not a number stays text, and the check refuses it with its place like any other wrong value.
    value[field] = field === 'created_at' && /^\d{1,15}$/.test(cell ?? '') ? Number(cell) : cell;
  }
  const item = { place: `row ${row}`, value, columns: letters };
  if (!isShort && cells.slice(count).every((cell) => cell === '')) return item;
  return { ...item, problem: itemFaults.wrongCells(cells.length, count) };
}

/** The letters of a column in a spreadsheet: `A` for 0, `AA` for 26. */
function lettersOf(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : `${lettersOf(Math.floor(index / 26) - 1)}${last}`;
}
