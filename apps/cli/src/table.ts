import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { printable } from './printable.ts';

export type Column = {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  /** Columns of the terminal that its cells need, if the table is too wide; without it, all that they have. */
  readonly shrinksTo?: number;
  /** Cells that do not fit continue in further lines; without it, they are cut. */
  readonly wraps?: boolean;
  /** Words that are wider than a line stay whole, so that ids and paths can be copied. For the last column. */
  readonly keepsWords?: boolean;
  /** Left out if nothing else helps, the lowest number first. */
  readonly drops?: number;
};

/** A text without control characters, and the columns of a terminal that it takes: looked up once, which takes its time. */
type Measured = { readonly text: string; readonly width: number };

const blank: Measured = { text: '', width: 0 };

function measured(raw: string): Measured {
  const text = printable(raw);
  return { text, width: stringWidth(text) };
}

/** A table as text, and the headings of the columns for which there was no room. */
export type Table = { readonly text: string; readonly leftOut: readonly string[] };

const gap = '  ';
/** What an output that is no terminal is aligned to: a UUID fits. Longer cells push the rest of their own row only. */
const alignedMax = 40;
const wrapsToDefault = 20;

/**
 * Rows under headings, columns as wide as their content, numbers to the right. If that is wider than `width`, cells are
 * wrapped or cut, then columns are left out, as each column allows; what allows nothing stays whole. Without a width, each
 * row is one line.
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], width?: number): Table {
  const cells = rows.map((row) => row.map(measured));
  const natural = columns.map(({ heading }, index) =>
    cells.reduce((widest, row) => Math.max(widest, row[index]?.width ?? 0), stringWidth(heading)),
  );
  const { shown, widths } =
    width === undefined
      ? { shown: columns.map((_, index) => index), widths: natural.map((each) => Math.min(each, alignedMax)) }
      : fit(columns, natural, width);
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

/** The columns for which there is room, and the width of each. */
function fit(columns: readonly Column[], natural: readonly number[], width: number) {
  let shown = columns.map((_, index) => index);
  let widths = narrowed(columns, shown, natural, width);
  while (totalOf(widths) > width) {
    const leaving = shown
      .filter((index) => columns[index]?.drops !== undefined)
      .toSorted((a, b) => (columns[a]?.drops ?? 0) - (columns[b]?.drops ?? 0))[0];
    if (leaving === undefined) break;
    shown = shown.filter((index) => index !== leaving);
    widths = narrowed(columns, shown, natural, width);
  }
  return { shown, widths };
}

/** The widths of the shown columns, the widest of those that give way made narrower until all fits or none can. */
function narrowed(
  columns: readonly Column[],
  shown: readonly number[],
  natural: readonly number[],
  width: number,
): number[] {
  const widths = shown.map((index) => natural[index] ?? 0);
  const least = shown.map((index, place) => {
    const { heading, shrinksTo, wraps } = columns[index] ?? { heading: '' };
    const limit = shrinksTo ?? (wraps ? wrapsToDefault : Number.POSITIVE_INFINITY);
    return Math.min(widths[place] ?? 0, Math.max(limit, stringWidth(heading)));
  });
  for (let excess = totalOf(widths) - width; excess > 0; excess -= 1) {
    let widest = -1;
    for (const [place, own] of widths.entries()) {
      if (own > (least[place] ?? 0) && own > (widths[widest] ?? 0)) widest = place;
    }
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, 0) + gap.length * Math.max(0, widths.length - 1);
}

function pad({ text, width: own }: Measured, width: number, align: 'left' | 'right'): string {
  const missing = ' '.repeat(Math.max(0, width - own));
  return align === 'right' ? missing + text : text + missing;
}

/** The lines of a cell that is too wide: wrapped, or its beginning with a mark that it goes on. */
function broken(text: string, width: number, { wraps = false, keepsWords = false }: Partial<Column> = {}): string[] {
  if (wraps) return wrapAnsi(text, width, { hard: !keepsWords }).split('\n');
  // No more of a long text than can be shown is looked at.
  const head = text.slice(0, 8 * width);
  const [beginning = ''] = wrapAnsi(head, width - 1, { hard: true, wordWrap: false, trim: false }).split('\n');
  return [`${beginning}…`];
}
