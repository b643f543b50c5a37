import { backupSync } from '@backup-sync/contracts';

/** How a spreadsheet has written its cells. */
export type CsvDialect = {
  readonly delimiter: string;
  /** Its first line is `sep=…`: for spreadsheets, which do not show it. */
  readonly hasSepLine: boolean;
};

const delimiters = [',', ';', '\t', '|'] as const;
const fields: ReadonlySet<string> = new Set(Object.keys(backupSync.shape));
/** Saved again, a `sep=` line is a row like others: it may be quoted, with blank cells behind it. */
const sepLine = /^"?sep=([^"\w\s]|\t)"?[,;|\t ]*$/i;

/** Tells the delimiter by the `sep=` line, else by the first row that is not blank: the one that gives most fields. */
export function csvDialectOf(beginning: string): CsvDialect {
  const { sep, row } = firstLines(beginning.split(/\r\n|\n|\r/));
  if (sep !== null) return { delimiter: sep, hasSepLine: true };
  const fieldsBy = (delimiter: string) => row.split(delimiter).filter((cell) => fields.has(nameIn(cell))).length;
  const cellsBy = (delimiter: string) => row.split(delimiter).length;
  const [best] = delimiters.toSorted((one, other) => fieldsBy(other) - fieldsBy(one) || cellsBy(other) - cellsBy(one));
  return { delimiter: best ?? ',', hasSepLine: false };
}

/** Whether so much was read that {@link csvDialectOf} can tell. */
export function hasFirstRow(beginning: string): boolean {
  return firstLines(beginning.split(/\r\n|\n|\r/).slice(0, -1)).row !== '';
}

/** The name of a column, without what stands around it: a byte-order mark stays in the middle if files were joined. */
export function nameIn(cell: string): string {
  return cell.replaceAll(/^[\s\u{feff}"]+|[\s"]+$/gu, '');
}

function firstLines(lines: readonly string[]): { readonly sep: string | null; readonly row: string } {
  const [, sep = null] = sepLine.exec(lines[0]?.replace(/^\u{feff}/u, '') ?? '') ?? [];
  const rows = sep === null ? lines : lines.slice(1);
  return { sep, row: rows.find((line) => /[^\s,;|"]/.test(line)) ?? '' };
}
