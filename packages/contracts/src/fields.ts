import { z } from 'zod';
import { imagePathProblem } from './image-path.ts';

/** The number of Unicode code points of a text: what "1 to 64 characters" counts. */
function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** A code point is one or two UTF-16 units: most texts need no counting. */
function hasCodePoints(text: string, least: number, most: number): boolean {
  const units = text.length;
  if (units <= most && (units >= 2 * least || (least === 1 && units > 0))) return true;
  if (units < least || units > 2 * most) return false;
  const count = codePoints(text);
  return count >= least && count <= most;
}

/** Text of `least` to `most` Unicode code points. */
export function text(least: number, most: number) {
  return z
    .string()
    .refine((value) => value.isWellFormed(), 'has half a surrogate pair; send well-formed Unicode')
    .refine((value) => hasCodePoints(value, least, most), {
      error: ({ input }) => `must have ${least} to ${most} characters, has ${codePoints(String(input))}`,
    })
    .meta({ minLength: least, maxLength: most });
}

/** An id that a caller chose: opaque, compared as is. */
export const opaqueId = text(1, 255).refine(
  (id) => id !== '.' && id !== '..',
  // No path of the API could name it.
  'must not be "." or ".."',
);

/** What an id begins with: long enough that few ids match. Compared as is. */
export const idPrefix = text(4, 255).meta({ description: 'Only ids that begin with this; at least 4 characters.' });

/** An id that this system made: a UUIDv7 in lower case. Others are accepted as text and simply not found. */
export const madeId = text(1, 64);

export const joined = z
  .boolean()
  .meta({ description: 'The operation was there already, waiting or running for the same request.' });

export const projectId = text(1, 64).meta({ description: 'Project that the call acts in.' });

/** S3 keys end at 1,024 bytes, so no longer path can exist in a bucket. */
const imagePathMaxBytes = 1024;
/** A UTF-16 unit takes as many bytes of UTF-8 at most: what is short enough by that is not encoded. */
const utf8BytesPerUnit = 3;
const encoder = new TextEncoder();

export const imagePath = z
  .string()
  .min(1, 'must not be empty')
  .superRefine((path, context) => {
    const bytes = path.length * utf8BytesPerUnit > imagePathMaxBytes ? encoder.encode(path).length : 0;
    if (bytes > imagePathMaxBytes) {
      context.addIssue({ code: 'custom', message: `must have at most ${imagePathMaxBytes} bytes, has ${bytes}` });
      // What is too long is not looked at further: that costs time in its length.
      return;
    }
    const problem = imagePathProblem(path);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ description: 'Path to the link of the backup chain, relative to the bucket.', maxLength: imagePathMaxBytes });

export const bucketName = text(1, 255)
  .superRefine((name, context) => {
    if (name.length > imagePathMaxBytes) return;
    const problem = name.includes('/') ? 'has a "/"; a bucket is a single name' : imagePathProblem(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ description: 'Bucket in which the backup lies.' });

export const backupName = text(1, 64).meta({ description: 'Backup name.' });

/** UTC without a zone letter, microseconds: what CBR answers and its SDKs parse. */
export const wireTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
  .meta({ description: 'UTC, no zone letter.', example: '2020-02-05T10:38:34.209782' });

/** Writes milliseconds since 1970 the way CBR does. */
export function toWireTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, -1)}000`;
}

/** Reads a time of {@link toWireTime} back: milliseconds since 1970. */
export function fromWireTime(time: string): number {
  return Date.parse(`${time.slice(0, 23)}Z`);
}

/** The 30th of February is parsed, as the 2nd of March. */
function isOfCalendar(time: string): boolean {
  const milliseconds = Date.parse(time);
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().slice(0, 19) === time.slice(0, 19);
}

/** A time in a query: `2018-02-01T12:00:00Z`. Parsed to milliseconds since 1970. */
export const queryTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, { error: 'must look like 2018-02-01T12:00:00Z', abort: true })
  .refine((value) => isOfCalendar(value), { error: 'is not a date of the calendar', abort: true })
  .transform((value) => Date.parse(value));

/** A whole number in a query, as a number or as its decimal text. */
export function queryInteger(least: number, most: number) {
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,15}$/)
          .transform(Number),
      ],
      { error: 'must be a whole number' },
    )
    .pipe(
      z
        .number()
        .int('must be a whole number')
        .min(least, `must be at least ${least}`)
        .max(most, `must be at most ${most}`),
    )
    .meta({ shown: { type: 'integer', minimum: least, maximum: most } });
}

const truthValues: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  // Python's SDK sends what `str` makes of a boolean.
  ['True', true],
  ['False', false],
]);

/** A truth value in a query: `true`, `false`, as Python writes them, or a boolean. */
export const queryBoolean = z
  .union([z.boolean(), z.enum([...truthValues.keys()]).transform((text) => truthValues.get(text) === true)], {
    error: 'must be true or false',
  })
  .meta({ shown: { type: 'boolean' } });

/** One of `values`. */
export function queryEnum<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

/** Enterprise project that a listing is asked for: `0` is the default one, `all_granted_eps` all that the caller may see. */
export const enterpriseProject = z.string();

/** Whether what belongs to no enterprise project, as everything here, matches. */
export function isInEnterpriseProject(asked: z.output<typeof enterpriseProject> | undefined): boolean {
  return asked === undefined || asked === '0' || asked === 'all_granted_eps';
}

/** One or several of `values`, separated by commas, or an array of them. By type one of them, or an array. */
export function queryList<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodType<Values[number][], OneOrSeveral<Values[number]>> {
  return severalTexts
    .pipe(z.array(z.enum(values, { error: `must be one of ${values.join(', ')}` })).min(1))
    .meta({ shown: { type: 'array', items: { type: 'string', enum: values } } });
}

export type OneOrSeveral<Value> = Value | readonly Value[];

/** Texts separated by commas, or an array of texts. */
export const severalTexts = z.union([z.array(z.string()), z.string().transform((value) => value.split(','))]);

/** The most texts that a query names at once. */
const queryTextsMax = 256;

/** One or several texts, separated by commas, or an array of them. */
export const queryTexts = severalTexts
  .pipe(z.array(z.string()).max(queryTextsMax, `must have at most ${queryTextsMax} values`))
  .meta({ shown: { type: 'array', items: { type: 'string' } } });

/** Paging that the listings share. A `marker` is the id of the last record of the page before, and wins over `offset`. */
export const paging = {
  limit: queryInteger(1, 1000).default(1000).meta({ description: 'Records of a page; 1000 where it is not said.' }),
  offset: queryInteger(0, 2 ** 31 - 1)
    .default(0)
    .meta({ description: 'Records to skip from the start of the listing; ignored beside a marker.' }),
  marker: opaqueId
    .optional()
    .meta({ description: 'Id of the last record of the page before: this page starts after it, whatever the offset.' }),
};

/** Paging through what an operation finds, while it runs or after. */
export const findingsPaging = {
  after: queryInteger(0, 2 ** 31 - 1)
    .default(0)
    .meta({ description: 'The `next` of the page before.' }),
  limit: queryInteger(1, 1000).default(1000),
};
