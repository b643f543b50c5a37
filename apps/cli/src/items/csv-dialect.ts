import { backupSync } from '@backup-sync/contracts';

/** The syntax of a CSV file. */
export type CsvDialect = {
  readonly delimiter: string;
  /** The first line is `sep=…`, which spreadsheets read and do not show. */
  readonly hasSepLine: boolean;
};

const delimiters = [',', ';', '\t', '|'] as const;
const fields: ReadonlySet<string> = new Set(Object.keys(backupSync.shape));
/** A `sep=` line. A spreadsheet that saves it again as a row may quote it and add blank cells. */
const sepLine = /^"?sep=([^"\w\s]|\t)"?[,;|\t ]*$/i;

/**
 * Finds the delimiter by the `sep=` line, else by the first non-blank row: the one that yields the most known fields.
 */
export function csvDialectOf(beginning: string): CsvDialect {
  const { sep, row } = firstLines(beginning.split(/\r\n|\n|\r/));
  if (sep !== null) return { delimiter: sep, hasSepLine: true };
  const fieldsBy = (delimiter: string) => row.split(delimiter).filter((cell) => fields.has(nameIn(cell))).length;
  const cellsBy = (delimiter: string) => row.split(delimiter).length;
  const [best] = delimiters.toSorted((one, other) => fieldsBy(other) - fieldsBy(one) || cellsBy(other) - cellsBy(one));
  return { delimiter: best ?? ',', hasSepLine: false };
}

/** Whether enough was read for {@link csvDialectOf}. */
export function hasFirstRow(beginning: string): boolean {
  return firstLines(beginning.split(/\r\n|\n|\r/).slice(0, -1)).row !== '';
}

/** The name of a column without blanks, quotes and byte-order marks around it, which joined files may have anywhere. */
export function nameIn(cell: string): string {
  return cell.replaceAll(/^[\s\u{feff}"]+|[\s"]+$/gu, '');
}

function firstLines(lines: readonly string[]): { readonly sep: string | null; readonly row: string } {
  const [, sep = null] = sepLine.exec(lines[0]?.replace(/^\u{feff}/u, '') ?? '') ?? [];
  const rows = sep === null ? lines : lines.slice(1);
  return { sep, row: rows.find((line) => /[^\s,;|"]/.test(line)) ?? '' };
}
