import { z } from 'zod';

/** Accepts a field that is missing or null, and returns null for both. */
export function orNull<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value): z.output<Schema> | null => value ?? null);
}

const timePattern = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|[+-]00:?00)?$/;

/** A UTC time, with or without a zone and fractional seconds. Returns it in the form `2020-02-05T10:38:34.209782`. */
export const cloudTime = z.string().transform((text, context) => {
  const [, date, time, fraction = ''] = timePattern.exec(text) ?? [];
  if (date === undefined) {
    context.addIssue({ code: 'custom', message: `"${text}" is not a time in UTC` });
    return z.NEVER;
  }
  return `${date}T${time}.${fraction.slice(0, 6).padEnd(6, '0')}`;
});

/** A boolean, which one official service writes as text. */
export const cloudBoolean = z.union([z.boolean(), z.stringbool()]);
