import { createRequire } from 'node:module';
import { printable } from './printable.ts';

const load = createRequire(import.meta.url);
/** Characters that take one column each. */
const plain = /^[ -~]*$/;

/** A number of terminal columns, or `word`: the width of the longest word in the column. */
type LeastWidth = number | 'word';

export type Column = {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  /**
   * Minimum width if the table is too wide, in terminal columns. Default: 20 if the column wraps, else its full width.
   */
  readonly shrinksTo?: LeastWidth;
  /** Wrap cells that do not fit to more lines, instead of cutting them. */
  readonly wraps?: boolean;
  /** Keep words whole that are wider than a line, so that ids and paths can be copied. For the last column. */
  readonly keepsWords?: boolean;
  /** The column can be left out if the table is still too wide; the lowest number goes first. */
  readonly drops?: number;
};

/** A string without control characters, and its width in terminal columns: measured once, since that takes a while. */
type Measured = { readonly text: string; readonly width: number };

const blank: Measured = { text: '', width: 0 };

function measured(raw: string): Measured {
  const text = printable(raw);
  return { text, width: widthOf(text) };
}

/** The terminal columns of a text. Most need no library, which knows every character and takes a while to load. */
function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  const { default: stringWidth } = load('string-width') as typeof import('string-width');
  return stringWidth(text);
}

/** A table as text, and the headings of the columns that did not fit. */
export type Table = { readonly text: string; readonly leftOut: readonly string[] };

const gap = '  ';
/** Maximum width of a column without a terminal: a SHA-256 fits. A longer cell shifts only the rest of its own row. */
const alignedMax = 64;
const wrapsToDefault = 20;

/**
 * Formats rows under headings, with columns as wide as their content. If that is wider than `width`, it wraps or cuts
 * cells, then leaves out columns, as each column allows; a column that allows neither stays unchanged. Without a width,
 * each row is one line.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], width?: number): Table {
  const cells = rows.map((row) => row.map(measured));
  const natural = columns.map(({ heading }, index) =>
    cells.reduce((widest, row) => Math.max(widest, row[index]?.width ?? 0), widthOf(heading)),
  );
  const { shown, widths } =
    width === undefined
      ? { shown: columns.map((_, index) => index), widths: natural.map((each) => Math.min(each, alignedMax)) }
      : fit(columns, natural, leastWidths(columns, natural, cells), width);
  const layout = shown.map((index, place) => ({ index, column: columns[index], width: widths[place] ?? 0 }));
  const line = (pieces: readonly (Measured | undefined)[]) =>
    layout
      .map(({ column, width: own }, place) => pad(pieces[place] ?? blank, own, column?.align ?? 'left'))
      .join(gap)
      .trimEnd();
  const lines = [line(layout.map(({ column }) => measured(column?.heading ?? '')))];
  for (const row of cells) {
    const pieces = layout.map(({ index, column, width: own }) => {
      const cell = row[index] ?? blank;
      return width === undefined || cell.width <= own ? [cell] : broken(cell.text, own, column).map(measured);
    });
    const height = Math.max(...pieces.map(({ length }) => length));
    for (let at = 0; at < height; at += 1) lines.push(line(pieces.map((piece) => piece[at])));
  }
  const leftOut = columns.flatMap(({ heading }, index) => (shown.includes(index) ? [] : [heading]));
  return { text: lines.join('\n'), leftOut };
}

/** The columns that fit, and the width of each. */
function fit(columns: readonly Column[], natural: readonly number[], least: readonly number[], width: number) {
  let shown = columns.map((_, index) => index);
  let widths = narrowed(shown, natural, least, width);
  while (totalOf(widths) > width) {
    const leaving = shown
      .filter((index) => columns[index]?.drops !== undefined)
      .toSorted((a, b) => (columns[a]?.drops ?? 0) - (columns[b]?.drops ?? 0))[0];
    if (leaving === undefined) break;
    shown = shown.filter((index) => index !== leaving);
    widths = narrowed(shown, natural, least, width);
  }
  return { shown, widths };
}

/** The widths of the shown columns. The widest that can shrink is narrowed until all columns fit or none can shrink. */
function narrowed(
  shown: readonly number[],
  natural: readonly number[],
  least: readonly number[],
  width: number,
): number[] {
  const widths = shown.map((index) => natural[index] ?? 0);
  const smallest = shown.map((index) => least[index] ?? 0);
  for (let excess = totalOf(widths) - width; excess > 0; excess -= 1) {
    let widest = -1;
    for (const [place, own] of widths.entries()) {
      if (own > (smallest[place] ?? 0) && own > (widths[widest] ?? 0)) widest = place;
    }
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** The width to which each column can shrink. */
function leastWidths(
  columns: readonly Column[],
  natural: readonly number[],
  cells: readonly (readonly Measured[])[],
): number[] {
  return columns.map(({ heading, shrinksTo, wraps }, index) => {
    const limit =
      shrinksTo === 'word'
        ? Math.max(0, ...cells.flatMap((row) => (row[index] ?? blank).text.split(' ').map((word) => widthOf(word))))
        : (shrinksTo ?? (wraps ? wrapsToDefault : Number.POSITIVE_INFINITY));
    return Math.min(natural[index] ?? 0, Math.max(limit, widthOf(heading)));
  });
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, 0) + gap.length * Math.max(0, widths.length - 1);
}

function pad({ text, width: own }: Measured, width: number, align: 'left' | 'right'): string {
  const missing = ' '.repeat(Math.max(0, width - own));
  return align === 'right' ? missing + text : text + missing;
}

/** The lines of a cell that is too wide: wrapped, or cut with an ellipsis. */
function broken(text: string, width: number, { wraps = false, keepsWords = false }: Partial<Column> = {}): string[] {
  const { default: wrapAnsi } = load('wrap-ansi') as typeof import('wrap-ansi');
  if (wraps) return wrapAnsi(text, width, { hard: !keepsWords }).split('\n');
  // A long text is measured only as far as it could be shown.
  const head = text.slice(0, 8 * width);
  const [beginning = ''] = wrapAnsi(head, width - 1, { hard: true, wordWrap: false, trim: false }).split('\n');
  return [`${beginning}…`];
}
