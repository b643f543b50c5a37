const minuteS = 60;
const hourS = 60 * minuteS;
const dayS = 24 * hourS;

const units = [
  { unit: 'day', seconds: dayS },
  { unit: 'hour', seconds: hourS },
  { unit: 'minute', seconds: minuteS },
] as const;

/** From this age on, a time is given in days. */
const daysFromS = 2 * dayS;
/** Below this age, a time is "just now". */
const nowS = 10;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const whole = new Intl.NumberFormat('en');

/** Parses a time of the API, which is in UTC with microseconds and without a zone, to milliseconds since 1970. */
export function millisecondsOf(wireTime: string): number {
  return Date.parse(`${wireTime.slice(0, 23)}Z`);
}

/** A time as a person says it: `3 hours ago`, `in 5 minutes`. */
export function relativeTime(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  const size = Math.abs(seconds);
  if (size < nowS) return 'just now';
  if (size < minuteS) return relative.format(seconds, 'second');
  const { unit, seconds: length } =
    units.find(({ unit, seconds: least }) => size >= (unit === 'day' ? daysFromS : least)) ?? units[2];
  return relative.format(Math.trunc(seconds / length), unit);
}

/** A time in the zone of the reader, to the second. */
export function absoluteTime(atMs: number): string {
  return absolute.format(atMs);
}

/** The day of a time in the zone of the reader: `1 Mar 2026`. */
export function absoluteDate(atMs: number): string {
  return day.format(atMs);
}

/** A duration: `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  const total = Math.round(seconds);
  if (total < minuteS) return `${total} s`;
  if (total < hourS) return joined(Math.floor(total / minuteS), 'min', total % minuteS, 's');
  if (total < daysFromS) return joined(Math.floor(total / hourS), 'h', Math.floor((total % hourS) / minuteS), 'min');
  return joined(Math.floor(total / dayS), 'd', Math.floor((total % dayS) / hourS), 'h');
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A number with separators: `12,400`. */
export function number(value: number): string {
  return whole.format(value);
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size in binary units: `67.4 KiB`. */
export function bytes(size: number): string {
  let value = size;
  let unit = 0;
  while (value >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${byteUnits[unit]}`;
}

/** A number with its noun, singular or plural: `1 backup`, `2 backups`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}
