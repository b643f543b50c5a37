/** Seconds as `0.4 s`, `12 s`, `3 min`, `2.5 h` or `4.0 d`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 2 * 60 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 60 * 60) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}

/** A duration as it is typed, such as `26h`: in the largest unit that divides it, and in hours below two days. */
export function durationText(seconds: number): string {
  if (seconds % 86_400 === 0 && seconds >= 2 * 86_400) return `${seconds / 86_400}d`;
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 && seconds > 0 ? `${seconds / 60}m` : `${seconds}s`;
}

const secondsOf: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);

export const durationRule = 'must be a duration such as 90s, 90m, 26h or 7d';
export const timeoutRule = `${durationRule}, from 1s to 1h`;

/** Parses a duration such as `26h` to seconds; null if {@link durationRule} does not allow it. */
export function parseDuration(text: string): number | null {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = secondsOf.get(unit);
  return seconds === undefined ? null : Number(count) * seconds;
}

/** Parses a timeout to seconds; null if {@link timeoutRule} does not allow it. */
export function parseTimeout(text: string): number | null {
  const seconds = parseDuration(text);
  return seconds !== null && seconds >= 1 && seconds <= 3600 ? seconds : null;
}
