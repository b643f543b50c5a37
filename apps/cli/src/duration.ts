/** `90m`, `26h` or `7d` in seconds; null if it is no duration. */
export function parseSeconds(value: string): number | null {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(value) ?? [];
  const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
  const seconds = secondsOf[unit];
  return seconds === undefined ? null : Number(count) * seconds;
}

/** Seconds as `0.4 s`, `12 s`, `3 min`, `2.5 h` or `4.0 d`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 2 * 60 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 60 * 60) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}
