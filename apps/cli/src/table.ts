import { eastAsianWidth } from 'get-east-asian-width';

export type Column = {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  /** Characters to which the cells may be cut where the table is too wide. */
  readonly shrinksTo?: number;
  /** Cells go on in further lines where the table is too wide. */
  readonly wraps?: boolean;
  /** Left out where nothing else helps, the lowest number first. */
  readonly drops?: number;
};

const gap = '  ';

/**
 * Rows under headings, columns as wide as their content, numbers to the right. Where that is wider than `width`, cells
 * are cut or wrapped, then columns are left out, as each column allows; what allows nothing stays whole.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number = Number.POSITIVE_INFINITY,
): string {
  const cells = rows.map((row) => row.map(printable));
  const natural = columns.map(({ heading }, index) =>
    Math.max(widthOf(heading), ...cells.map((row) => widthOf(row[index] ?? ''))),
  );
  let shown = columns.map((_, index) => index);
  let widths = fit(columns, shown, natural, width);
  while (totalOf(widths) > width) {
    const leaving = shown
      .filter((index) => columns[index]?.drops !== undefined)
      .toSorted((a, b) => (columns[a]?.drops ?? 0) - (columns[b]?.drops ?? 0))[0];
    if (leaving === undefined) break;
    shown = shown.filter((index) => index !== leaving);
    widths = fit(columns, shown, natural, width);
  }
  const layout = shown.map((index, place) => ({ index, column: columns[index], width: widths[place] ?? 0 }));
  const line = (texts: readonly string[]) =>
    layout
      .map(({ column, width }, place) => pad(texts[place] ?? '', width, column?.align ?? 'left'))
      .join(gap)
      .trimEnd();
  const lines = [line(layout.map(({ column }) => column?.heading ?? ''))];
  for (const row of cells) {
    const pieces = layout.map(({ index, column, width }) =>
      column?.wraps ? wrap(row[index] ?? '', width) : [cut(row[index] ?? '', width)],
    );
    const height = Math.max(...pieces.map(({ length }) => length));
    for (let at = 0; at < height; at += 1) lines.push(line(pieces.map((piece) => piece[at] ?? '')));
  }
  return lines.join('\n');
}

/** The widths of the shown columns, the widest of those that give way made narrower until all fits or none can. */
function fit(
  columns: readonly Column[],
  shown: readonly number[],
  natural: readonly number[],
  width: number,
): number[] {
  const widths = shown.map((index) => natural[index] ?? 0);
  const least = shown.map((index, place) => {
    const { heading, shrinksTo, wraps } = columns[index] ?? { heading: '' };
    const limit = shrinksTo ?? (wraps ? 20 : Number.POSITIVE_INFINITY);
    return Math.min(widths[place] ?? 0, Math.max(limit, widthOf(heading)));
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

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blank = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? blank + text : text + blank;
}

/** The beginning of a text that is too wide, with a mark that it goes on. */
function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Lines of whole words; a word that is wider than a line stays whole, so that ids and paths can be copied. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Columns of a terminal that a text takes. Most texts are of ASCII, where that needs no looking up. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  // Marks stand on the character before them.
  for (const character of text.replaceAll(/\p{M}/gu, '')) width += eastAsianWidth(character.codePointAt(0) ?? 0);
  return width;
}

/** Names come from others: control characters must not reach the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}/gu, '\u{fffd}');
}

/** As {@link printable}, for what may be of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `1536` as `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
