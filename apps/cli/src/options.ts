import { InvalidArgumentError } from 'commander';
import { durationRule, parseDuration, parseTimeout, timeoutRule } from './duration.ts';

/** Returns the fields without those whose value is undefined. */
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
  if (number === 0) throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
}

/** `2.5` as a number. */
export function decimal(value: string): number {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(value)) throw new InvalidArgumentError('It must be a number such as 0.2.');
  return Number(value);
}

/** `10%` as 0.1. */
export function percentage(value: string): number {
  const percent = /^\d{1,3}(\.\d{1,9})?%$/.test(value) ? Number(value.slice(0, -1)) : 0;
  if (percent <= 0 || percent > 100) throw new InvalidArgumentError('It must be a percentage above 0, such as 10%.');
  return percent / 100;
}

/** A duration such as `26h`, in seconds. */
export function duration(value: string): number {
  const seconds = parseDuration(value);
  if (seconds === null) throw new InvalidArgumentError(`It ${durationRule}.`);
  return seconds;
}

/** Like {@link duration}; a number without a unit is in seconds. */
export function durationOrSeconds(value: string): number {
  return /^\d{1,9}$/.test(value) ? Number(value) : duration(value);
}

/** Like {@link durationOrSeconds}, or `none`: not null, which Commander takes for an option without a value. */
export function durationOrNone(value: string): number | 'none' {
  if (value === 'none') return value;
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : parseDuration(value);
  if (seconds === null) throw new InvalidArgumentError(`It ${durationRule}, or "none".`);
  return seconds;
}

/** A duration from `1s` to `1h`, in seconds. */
export function timeout(value: string): number {
  const seconds = parseTimeout(value);
  if (seconds === null) throw new InvalidArgumentError(`It ${timeoutRule}.`);
  return seconds;
}
