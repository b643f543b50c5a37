import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readScrape, type Sample } from '../../apps/gateway/src/metrics/testing-scrape.ts';
import { evaluate, type Labels, type SeriesSource, type VectorSample } from './promql.ts';

export type AlertRule = {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Labels;
  readonly annotations: Labels;
};

const rulesFile = new URL('../../examples/monitoring/backup-sync.rules.yaml', import.meta.url);
const parsed: { readonly groups: readonly { readonly rules: readonly AlertRule[] }[] } = parse(
  readFileSync(rulesFile, 'utf8'),
);
/** The alerts of the example. */
export const alertRules: readonly AlertRule[] = parsed.groups.flatMap(({ rules }) => rules);

/** What one scrape found. Null if the server did not answer: all of its series have then ended. */
type Scrape = { readonly atS: number; readonly samples: readonly Sample[] | null };

type ActiveAlert = { readonly rule: AlertRule; readonly labels: Labels; readonly sinceS: number };

const job = 'backup-sync';

/** Scrapes a server and evaluates the alerts of the example, as Prometheus does, by a clock that the test sets. */
export class Monitor implements SeriesSource {
  readonly #address: string;
  readonly #instance: Labels;
  readonly #scrapes: Scrape[] = [];
  /** Since when each alert is active for each set of labels. */
  #activeSince: ReadonlyMap<string, ActiveAlert> = new Map();
  #nowS: number;

  constructor(address: string, nowS: number) {
    this.#address = address;
    this.#instance = { job, instance: new URL(address).host };
    this.#nowS = nowS;
  }

  /** Lets time pass, then scrapes and evaluates once. */
  async pass(seconds: number): Promise<void> {
    this.#nowS += seconds;
    this.#scrapes.push({ atS: this.#nowS, samples: await this.#scrape() });
    const active = new Map<string, ActiveAlert>();
    for (const rule of alertRules) {
      for (const { labels } of evaluate(rule.expr, this, this.#nowS)) {
        const key = JSON.stringify([rule.alert, labels]);
        active.set(key, { rule, labels, sinceS: this.#activeSince.get(key)?.sinceS ?? this.#nowS });
      }
    }
    this.#activeSince = active;
  }

  /** Returns the labels of an alert, for each time that it fires now. */
  firing(alert: string): readonly Labels[] {
    return [...this.#activeSince.values()]
      .filter(({ rule, sinceS }) => rule.alert === alert && this.#nowS - sinceS >= secondsIn(rule.for ?? '0s'))
      .map(({ labels }) => labels);
  }

  at(name: string, timeS: number): readonly VectorSample[] {
    const newest = this.#scrapes.findLast(({ atS }) => atS <= timeS);
    if (newest === undefined) return [];
    if (name === 'up') return [{ labels: this.#instance, value: newest.samples === null ? 0 : 1 }];
    return (newest.samples ?? []).flatMap((sample) =>
      sample.name === name ? { labels: { ...sample.labels, ...this.#instance }, value: sample.value } : [],
    );
  }

  between(name: string, afterS: number, untilS: number): ReturnType<SeriesSource['between']> {
    const series = new Map<string, { readonly labels: Labels; readonly values: number[] }>();
    for (const { atS } of this.#scrapes) {
      if (atS <= afterS || atS > untilS) continue;
      for (const { labels, value } of this.at(name, atS)) {
        const key = JSON.stringify(labels);
        const known = series.get(key) ?? { labels, values: [] };
        series.set(key, known);
        known.values.push(value);
      }
    }
    return [...series.values()];
  }

  async #scrape(): Promise<readonly Sample[] | null> {
    try {
      const response = await fetch(this.#address);
      return response.ok ? readScrape(await response.text()) : null;
    } catch {
      return null;
    }
  }
}

function secondsIn(duration: string): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 }[unit ?? ''];
  if (seconds === undefined) throw new Error(`not a duration: ${duration}`);
  return Number(amount) * seconds;
}
