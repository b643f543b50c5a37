import { z } from 'zod';

/** What a service leaves out, or gives as null, is null. */
export function orNull<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value): z.output<Schema> | null => value ?? null);
}

const timePattern = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|[+-]00:?00)?$/;

/** A time in UTC, with or without a zone letter and parts of a second: as `2020-02-05T10:38:34.209782`. */
export const cloudTime = z.string().transform((text, context) => {
  const [, date, time, fraction = ''] = timePattern.exec(text) ?? [];
  if (date === undefined) {
    context.addIssue({ code: 'custom', message: `"${text}" is not a time in UTC` });
    return z.NEVER;
  }
  return `${date}T${time}.${fraction.slice(0, 6).padEnd(6, '0')}`;
});

/** A truth value; one official service writes it as text. */
export const cloudBoolean = z.union([z.boolean(), z.stringbool()]);
