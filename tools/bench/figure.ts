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
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** The value as a share of the one next to it, or the value itself if it stands alone. */
function measureOf({ value, beside }: Figure): number {
  return beside === undefined ? value : value / beside.value;
}

/** Whether a figure meets its target; null if it has none. */
export function meetsTarget(figure: Figure): boolean | null {
  const { target } = figure;
  if (target === undefined) return null;
  const measure = measureOf(figure);
  return 'atLeast' in target ? measure >= target.atLeast : measure <= target.atMost;
}

const shownNumber = (value: number) =>
  value >= 100 ? Math.round(value).toLocaleString('en').replaceAll(',', ' ') : String(Number(value.toPrecision(3)));

function shownTarget({ target }: Figure): string {
  if (target === undefined) return '';
  return 'atLeast' in target ? `at least ${target.atLeast}` : `at most ${target.atMost}`;
}

/** A Markdown table of figures, with aligned columns. */
export function tableOf(figures: readonly Figure[]): string {
  const head = ['measured', 'value', 'next to it', 'share', 'target', ''];
  const rows = figures.map((figure) => [
    figure.name,
    `${shownNumber(figure.value)} ${figure.unit}`,
    figure.beside === undefined ? '' : `${figure.beside.name}: ${shownNumber(figure.beside.value)}`,
    figure.beside === undefined ? '' : measureOf(figure).toFixed(2),
    shownTarget(figure),
    { true: 'met', false: 'missed', null: '' }[String(meetsTarget(figure)) as 'true' | 'false' | 'null'],
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
