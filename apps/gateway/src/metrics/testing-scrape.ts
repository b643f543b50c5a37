/** A series of a scrape, and its value. */
export type Sample = {
  readonly name: string;
  /** Labels without a value are left out, as Prometheus does. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const labelPart = /([a-zA-Z_]\w*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/y;

/** Reads the text format of Prometheus, or OpenMetrics. Throws for a line that is neither a comment nor a series. */
export function readScrape(text: string): readonly Sample[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name, labels = '', value] = sampleLine.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`not a series: ${JSON.stringify(line)}`);
    return { name, labels: readLabels(labels), value: numberIn(value) };
  });
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  labelPart.lastIndex = 0;
  while (labelPart.lastIndex < text.length) {
    const from = labelPart.lastIndex;
    const [, name, value = ''] = labelPart.exec(text) ?? [];
    if (name === undefined) throw new Error(`not labels: ${JSON.stringify(text.slice(from))}`);
    if (value !== '') labels[name] = value.replaceAll(/\\(.)/g, (_, each) => (each === 'n' ? '\n' : each));
  }
  return labels;
}

function numberIn(text: string): number {
  const value = Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'));
  if (Number.isNaN(value) && text !== 'Nan' && text !== 'NaN') throw new Error(`not a number: ${text}`);
  return value;
}
