/** A measured value with what it is compared with, which was measured in the same run. */
export type Figure = {
  /** For people, such as `accept on SQLite, imports held`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** A competitor, or what the hardware can do, in the same unit. */
  readonly beside?: { readonly name: string; readonly value: number };
  readonly target?: Target;
};

/** The least or the most that the value may be: of the value it is compared with if there is one, else by itself. */
export type Target = ({ readonly atLeast: number } | { readonly atMost: number }) & {
  /** Set if the target is a value in the unit of the figure, although there is one to compare it with. */
  readonly of?: 'value';
};

/** Figures that could not be measured. */
export type FailedPart = { readonly name: string; readonly failure: string };

/** A row of the table. */
export type Row = Figure | FailedPart;

/** Whether the target of a figure is a share of the value next to it. */
const isOfShare = ({ beside, target }: Figure) => beside !== undefined && target?.of !== 'value';

/** Whether a figure meets its target; null if it has none. */
export function meetsTarget(figure: Figure): boolean | null {
  const { value, beside, target } = figure;
  if (target === undefined) return null;
  const measure = beside !== undefined && isOfShare(figure) ? value / beside.value : value;
  return 'atLeast' in target ? measure >= target.atLeast : measure <= target.atMost;
}

/** A number for people, such as `10 000` or `0.62`. */
export const shownNumber = (value: number) =>
  value >= 100 ? Math.round(value).toLocaleString('en').replaceAll(',', ' ') : String(Number(value.toPrecision(3)));

function shownTarget(figure: Figure): string {
  const { target, unit } = figure;
  if (target === undefined) return '';
  const [bound, limit] = 'atLeast' in target ? ['at least', target.atLeast] : ['at most', target.atMost];
  return isOfShare(figure) ? `${bound} ${limit}` : `${bound} ${shownNumber(limit)} ${unit}`;
}

function cellsOf(row: Row): readonly string[] {
  if ('failure' in row) return [row.name, row.failure.replaceAll('|', '/'), '', '', '', 'failed'];
  const { name, value, unit, beside } = row;
  return [
    name,
    `${shownNumber(value)} ${unit}`,
    beside === undefined ? '' : `${beside.name}: ${shownNumber(beside.value)}`,
    beside === undefined ? '' : (value / beside.value).toFixed(2),
    shownTarget(row),
    { true: 'met', false: 'missed', null: '' }[String(meetsTarget(row)) as 'true' | 'false' | 'null'],
  ];
}

/** A Markdown table of figures, with aligned columns. */
export function tableOf(rows: readonly Row[]): string {
  const head = ['measured', 'value', 'next to it', 'share', 'target', ''];
  const body = rows.map(cellsOf);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
