import { InvalidArgumentError } from 'commander';
import { parseSeconds, parseTimeout, timeoutRule } from './duration.ts';

/** Without the keys that were not given. */
export function given<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Key in keyof Fields]?: NonNullable<Fields[Key]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Fields]?: NonNullable<Fields[Key]> };
}

export function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

export function positive(value: string): number {
  const number = wholeNumber(value);
  if (number === 0) throw new InvalidArgumentError('It must be above 0.');
  return number;
}

/** Whole seconds, or `none`: Commander takes null for an option without a value. */
export function secondsOrNone(value: string): number | 'none' {
  return value === 'none' ? value : wholeNumber(value);
}

/** `2.5` as a number. */
export function decimal(value: string): number {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(value)) throw new InvalidArgumentError('It must be a number.');
  return Number(value);
}

/** `10%` as 0.1. */
export function percentage(value: string): number {
  const percent = /^\d{1,3}(\.\d{1,9})?%$/.test(value) ? Number(value.slice(0, -1)) : 0;
  if (percent <= 0 || percent > 100) throw new InvalidArgumentError('It must be a percentage above 0, such as 10%.');
  return percent / 100;
}

/** `90m`, `26h` or `7d` in seconds. */
export function age(value: string): number {
  const seconds = parseSeconds(value);
  if (seconds === null) throw new InvalidArgumentError('It must be a number with s, m, h or d, such as 26h.');
  return seconds;
}

/** `10s` or `2m` in seconds. */
export function timeout(value: string): number {
  const seconds = parseTimeout(value);
  if (seconds === null) throw new InvalidArgumentError(`It ${timeoutRule}.`);
  return seconds;
}
