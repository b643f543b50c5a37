import { backupSync } from '@backup-sync/contracts';
import { CsvError, parse } from 'csv-parse';
import leven from 'leven';
import { UsageError } from '../failure.ts';
import { csvDialectOf, nameIn } from './csv-dialect.ts';
import type { PlacedItem } from './placed-item.ts';

const fields = Object.keys(backupSync.shape);
const optionalFields = new Set(['resource_type']);
/** A row has eight short cells. The limit keeps an unclosed quote from swallowing the rest of a file. */
const rowMaxCharacters = 1024 * 1024;
/** Maximum number of wrong letters in a misspelt field name. */
const slipsMax = 2;

/** The columns, by field. */
type Columns = { readonly indexOf: ReadonlyMap<string, number>; readonly count: number };

/**
 * Yields one item per row after the first, which names the fields. Ignores other columns and blank rows; an empty cell
 * of `resource_type` counts as absent. The first piece of text is the `beginning`. Throws `UsageError` if a column is
 * missing or the text is not CSV.
 */
export async function* csvItems(texts: AsyncIterable<string>, beginning: string): AsyncGenerator<PlacedItem> {
  const dialect = csvDialectOf(beginning);
  const isTab = dialect.delimiter === '\t';
  const parser = parse({
    bom: true,
    delimiter: dialect.delimiter,
    max_record_size: rowMaxCharacters,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    // Trimming would remove tabs, which separate the cells here.
    trim: !isTab,
  });
  const fed = feed(dialect.hasSepLine ? withoutFirstLine(texts) : texts, parser);
  let columns: Columns | null = null;
  let row = 0;
  try {
    for await (const read of parser as AsyncIterable<string[]>) {
      row += 1;
      const cells = isTab ? read.map((cell) => cell.trim()) : read;
      if (cells.every((cell) => cell.trim() === '')) continue;
      if (columns === null) columns = columnsOf(cells, row);
      else yield toItem(cells, row, columns);
    }
    await fed;
  } catch (error) {
    if (error instanceof CsvError) throw notCsv(error);
    throw error;
  } finally {
    parser.destroy();
  }
}

/** The pieces of text without the first line. The first piece must contain all of it. */
async function* withoutFirstLine(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let isFirst = true;
  for await (const text of texts) {
    yield isFirst ? text.replace(/^.*?(\r\n|\n|\r)/, '') : text;
    isFirst = false;
  }
}

/** Feeds the pieces to the parser as fast as the rows are read. An error of the pieces becomes an error of the rows. */
async function feed(texts: AsyncIterable<string>, rows: ReturnType<typeof parse>): Promise<void> {
  try {
    for await (const text of texts) {
      if (rows.destroyed) return;
      if (!rows.write(text)) await takes(rows);
    }
    rows.end();
  } catch (error) {
    rows.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Waits until the parser accepts more, or is closed. */
async function takes(rows: ReturnType<typeof parse>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  rows.once('drain', resolve).once('close', resolve);
  await promise;
  rows.off('drain', resolve).off('close', resolve);
}

function notCsv(error: CsvError & { readonly records?: number }): UsageError {
  const row = (error.records ?? 0) + 1;
  const isOpen = error.code === 'CSV_MAX_RECORD_SIZE' || error.code === 'CSV_QUOTE_NOT_CLOSED';
  const why = isOpen ? 'a quote is not closed' : error.message;
  return new UsageError(`row ${row}: not valid CSV: ${why}`, { cause: error });
}

/** Reads the first row. Refuses a name that almost matches a field: ignoring it would lose the column. */
function columnsOf(cells: readonly string[], row: number): Columns {
  const refuse = (message: string): never => {
    throw new UsageError(`row ${row}: the first row must name the fields, but it ${message}`);
  };
  const indexOf = new Map<string, number>();
  const others: { readonly name: string; readonly letters: string }[] = [];
  for (const [index, cell] of cells.entries()) {
    const name = nameIn(cell);
    const first = indexOf.get(name);
    if (first !== undefined) refuse(`has ${name} twice, in columns ${lettersOf(first)} and ${lettersOf(index)}`);
    if (fields.includes(name)) indexOf.set(name, index);
    else if (name !== '') others.push({ name, letters: lettersOf(index) });
  }
  const lacking = fields.filter((field) => !indexOf.has(field));
  const meant = lacking.flatMap((field) => {
    const other = others.find(
      ({ name }) => leven(plain(name), plain(field), { maxDistance: slipsMax + 1 }) <= slipsMax,
    );
    return other === undefined ? [] : [`${field} by ${shortened(other.name)} in column ${other.letters}`];
  });
  const didYouMean = meant.length === 0 ? '' : `; did you mean ${meant.join(', ')}?`;
  const missing = lacking.filter((field) => !optionalFields.has(field));
  if (missing.length > 0) refuse(`lacks ${missing.join(', ')}${didYouMean}`);
  if (meant.length > 0) refuse(`has another name${didYouMean}`);
  return { indexOf, count: cells.length };
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

function toItem(cells: readonly string[], row: number, { indexOf, count }: Columns): PlacedItem {
  const item: Record<string, unknown> = {};
  const placeOf = (field: string | null) => {
    const index = field === null ? undefined : indexOf.get(field);
    return index === undefined ? `row ${row}` : `row ${row}, column ${lettersOf(index)} (${field})`;
  };
  let isShort = false;
  for (const [field, index] of indexOf) {
    const cell = cells[index];
    if (optionalFields.has(field)) {
      if (cell !== undefined && cell !== '') item[field] = cell;
      continue;
    }
    isShort ||= cell === undefined;
    // Text that is not a number stays text, and the check refuses it with its place like any other wrong value.
    item[field] = field === 'created_at' && /^\d{1,15}$/.test(cell ?? '') ? Number(cell) : cell;
  }
  if (!isShort && cells.slice(count).every((cell) => cell === '')) return { placeOf, value: item };
  const has = `has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}`;
  return { placeOf, value: item, problem: `${has}; the first row has ${count}` };
}

/** The letters of a column in a spreadsheet: `A` for 0, `AA` for 26. */
function lettersOf(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : `${lettersOf(Math.floor(index / 26) - 1)}${last}`;
}

function shortened(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}
