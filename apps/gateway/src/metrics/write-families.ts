import { setImmediate } from 'node:timers/promises';

/** The formats of an answer: the text format of Prometheus, and OpenMetrics. */
export type MetricsFormat = keyof typeof contentTypes;

/** A metric with its series. */
export type Family = {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Iterable<Sample>;
};

export type Sample = {
  /** The name of the series, if it differs from that of its metric: a histogram has series of several names. */
  readonly name?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
};

export const contentTypes = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const;

/** Series that are written before other work has its turn: about 3 ms. */
const writtenAtOnce = 1_000;

/**
 * Writes metrics in a format. prom-client would write tens of thousands of series in one go, and calls would wait for
 * that. It also renames its counters when it writes OpenMetrics, and they keep that name.
 */
export async function writeFamilies(families: Iterable<Family>, format: MetricsFormat): Promise<string> {
  const parts: string[] = [];
  let written = 0;
  for (const { name, type, help, samples } of families) {
    // OpenMetrics has the ending of a counter only in the names of series.
    const shown = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
    parts.push(`# HELP ${shown} ${escaped(help)}\n# TYPE ${shown} ${type}\n`);
    for (const { name: ofSample = name, labels, value } of samples) {
      parts.push(`${ofSample}${labelsText(labels)} ${numberText(value)}\n`);
      written += 1;
      if (written % writtenAtOnce === 0) await setImmediate();
    }
  }
  if (format === 'openmetrics') parts.push('# EOF\n');
  return parts.join('');
}

function labelsText(labels: Sample['labels']): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return texts.length === 0 ? '' : `{${texts.join(',')}}`;
}

/** Names come from callers: a line break must not begin another series. */
function escaped(value: string): string {
  // A lone surrogate has no bytes in UTF-8.
  return value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  return String(value).replace('Infinity', 'Inf');
}
