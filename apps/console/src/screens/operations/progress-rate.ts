/** Counts of an operation at a time, in milliseconds since 1970. */
export type Sample = { readonly atMs: number; readonly counts: Readonly<Record<string, number>> };

/** Milliseconds over which a rate is measured: long enough to be calm, short enough to follow a change. */
const windowMs = 30_000;
/** With less than this between the first sample and the last, a rate would be chance. */
const leastMs = 3_000;
/** A longer time left is no forecast. */
const longestLeftS = 30 * 24 * 60 * 60;

/** The samples with one more, without those that are too old. If a count fell, another attempt has begun, and the samples before it say nothing. */
export function withSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last !== undefined && last.atMs >= next.atMs) return samples;
  const fell = Object.entries(next.counts).some(([name, count]) => count < (last?.counts[name] ?? 0));
  if (fell) return [next];
  return [...samples.filter(({ atMs }) => atMs >= next.atMs - windowMs), next];
}

/** What a count gains in a second; null if that cannot be said yet, or nothing moves. */
export function rateOf(samples: readonly Sample[], name: string): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < leastMs) return null;
  const gained = (last.counts[name] ?? 0) - (first.counts[name] ?? 0);
  return gained > 0 ? (gained * 1000) / (last.atMs - first.atMs) : null;
}

/** Seconds until a total is reached; null if that cannot be said. */
export function secondsLeft(rate: number | null, done: number, total: number): number | null {
  if (rate === null || done >= total) return null;
  const seconds = (total - done) / rate;
  return seconds <= longestLeftS ? seconds : null;
}
