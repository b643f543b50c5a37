import { z } from 'zod';
import { imagePathProblem } from './image-path.ts';

/** The number of Unicode code points in a string: the unit of "1 to 64 characters". */
function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Whether a string has `least` to `most` code points. Each is 1 or 2 UTF-16 units, so most strings need no counting. */
function hasCodePoints(text: string, least: number, most: number): boolean {
  const units = text.length;
  if (units <= most && (units >= 2 * least || (least === 1 && units > 0))) return true;
  if (units < least || units > 2 * most) return false;
  const count = codePoints(text);
  return count >= least && count <= most;
}

/** Returns the problem of a value; undefined if there is none. */
export type Rule<Value> = (value: Value) => string | undefined;

/**
 * One check for all of these rules. What zod does for a check takes longer than a rule, and the checks of each item are
 * most of what it costs a client to sync a long list.
 */
export function meets<Value>(...rules: readonly Rule<Value>[]): z.core.CheckFn<Value> {
  return ({ value, issues }) => {
    for (const rule of rules) {
      const message = rule(value);
      // `continue`: the checks of the whole list run as well, so that the error has every problem.
      if (message !== undefined) issues.push({ code: 'custom', input: value, message, continue: true });
    }
  };
}

const withoutNul: Rule<string> = (value) => (value.includes('\0') ? 'has a NUL character' : undefined);

/** A string that every database can store: PostgreSQL has no NUL. */
const storable = z.string().check(meets(withoutNul));

const wellFormed: Rule<string> = (value) =>
  value.isWellFormed() ? undefined : 'has half of a surrogate pair; send well-formed Unicode';

function ofLength(least: number, most: number): Rule<string> {
  return (value) =>
    hasCodePoints(value, least, most)
      ? undefined
      : `must have ${least} to ${most} characters, has ${codePoints(value)}`;
}

/** A well-formed string of `least` to `most` Unicode code points that meets further rules. */
export function text(least: number, most: number, ...rules: readonly Rule<string>[]) {
  return z
    .string()
    .check(meets(withoutNul, wellFormed, ofLength(least, most), ...rules))
    .meta({ minLength: least, maxLength: most });
}

/** An id that a caller chose: opaque, compared exactly. 1 to 255 characters, neither "." nor "..". */
export const opaqueId = text(1, 255, (id) =>
  // A URL path cannot contain these as a segment.
  id === '.' || id === '..' ? 'must not be "." or ".."' : undefined,
);

/** The start of an id, long enough that few ids match. Compared exactly. */
export const idPrefix = text(4, 255).meta({
  description: 'Only ids that start with this text of at least 4 characters.',
});

export const backupId = opaqueId.meta({ description: 'Id of the backup, unique in its project.' });

export const resourceId = opaqueId.meta({ description: 'Id of the resource that was backed up.' });

/** An id that this system generated: a UUIDv7 in lower case. Any other text is accepted and not found. */
export const madeId = text(1, 64);

export const operationId = madeId.meta({ description: 'Id of the operation.' });

export const sourceId = madeId.meta({ description: 'Id of the source.' });

export const joined = z.boolean().meta({
  description: 'True if an operation for the same request was already waiting or running: the call returned that one.',
});

export const projectId = text(1, 64).meta({ description: 'Project in which the call acts.' });

/** The project of a record or an operation, in an answer. */
export const ownProjectId = projectId.meta({ description: 'Id of the project that it belongs to.' });

/** S3 keys have at most 1,024 bytes, so no longer path exists in a bucket. */
const imagePathMaxBytes = 1024;
/**
 * Maximum number of UTF-8 bytes of a UTF-16 unit. A path that is short enough by this bound is not encoded to be
 * measured.
 */
const utf8BytesPerUnit = 3;
const encoder = new TextEncoder();

const notEmpty: Rule<string> = (value) => (value === '' ? 'must not be empty' : undefined);

const pathRule: Rule<string> = (path) => {
  const bytes = path.length * utf8BytesPerUnit > imagePathMaxBytes ? encoder.encode(path).length : 0;
  // The time of further checks grows with the length.
  if (bytes > imagePathMaxBytes) return `must have at most ${imagePathMaxBytes} bytes, has ${bytes}`;
  return imagePathProblem(path);
};

export const imagePath = z.string().check(meets(notEmpty, pathRule)).meta({
  description: 'Path of the backup in its bucket.',
  minLength: 1,
  maxLength: imagePathMaxBytes,
});

const bucketRule: Rule<string> = (name) => {
  if (name.length > imagePathMaxBytes) return undefined;
  return name.includes('/') ? 'has a "/"; a bucket is a single name' : imagePathProblem(name);
};

export const bucketName = text(1, 255, bucketRule).meta({ description: 'Name of the bucket.' });

export const backupName = text(1, 64).meta({ description: 'Name of the backup.' });

/** Fields of answers, which are not validated again. */
export const shown = {
  backupName: z.string().meta({ description: 'Name of the backup.' }),
  bucketName: z.string().meta({ description: 'Name of the bucket.' }),
  imagePath: z.string().meta({ description: 'Path of the backup in its bucket.' }),
  resourceName: z.string().meta({ description: 'Name of the resource that was backed up.' }),
  resourceType: z.string().meta({ description: 'Type of the resource, e.g. OS::Native::Server.' }),
};

const neverSet = { description: 'Always null; for compatibility with CBR.' };

/** Fields that clients of CBR expect and that mean nothing here. */
export const compatibility = {
  null: z.null().meta(neverSet),
  text: z.string().nullable().meta(neverSet),
  empty: z.array(z.never()).meta({ description: 'Always empty; for compatibility with CBR.' }),
  /** A field with only this value. */
  constant: <const Value extends string | number | boolean>(value: Value) =>
    z.literal(value).meta({ description: 'Constant; for compatibility with CBR.' }),
};

/** A time in UTC with microseconds and without a zone letter: the form that CBR sends and its SDKs parse. */
export const wireTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/)
  .meta({ description: 'Time in UTC, without a zone letter.', example: '2020-02-05T10:38:34.209782' });

/** When something was created, in an answer. */
export const createdAt = wireTime.meta({ description: 'When it was created.' });

/** Formats milliseconds since 1970 as a {@link wireTime}. */
export function toWireTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, -1)}000`;
}

/** Parses a {@link wireTime} to milliseconds since 1970. */
export function fromWireTime(time: string): number {
  return Date.parse(`${time.slice(0, 23)}Z`);
}

/** Whether a date exists. `Date.parse` accepts the 30th of February, as the 2nd of March. */
function isOfCalendar(time: string): boolean {
  const milliseconds = Date.parse(time);
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().slice(0, 19) === time.slice(0, 19);
}

/** A time in a query, such as `2018-02-01T12:00:00Z`; parsed to milliseconds since 1970. */
export const queryTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, { error: 'must look like 2018-02-01T12:00:00Z', abort: true })
  .refine((value) => isOfCalendar(value), { error: 'is not a date that exists', abort: true })
  .transform((value) => Date.parse(value));

/** A day in a query, such as `2018-02-01`. */
export const queryDate = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, { error: 'must look like 2018-02-01', abort: true })
  .refine((value) => isOfCalendar(`${value}T00:00:00Z`), 'is not a date that exists');

/** A whole number in a query from `least` to `most`, as a number or as decimal text. */
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
  // The Python SDK sends `str` of a boolean.
  ['True', true],
  ['False', false],
]);

/** A boolean in a query: `true`, `false`, `True`, `False` or a boolean. */
export const queryBoolean = z
  .union([z.boolean(), z.enum([...truthValues.keys()]).transform((text) => truthValues.get(text) === true)], {
    error: 'must be true or false',
  })
  .meta({ shown: { type: 'boolean' } });

/** One of `values`; the problem lists them all. */
export function queryEnum<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

/** Enterprise project of a listing: `0` for the default one, `all_granted_eps` for all that the caller may see. */
export const enterpriseProject = z.string().meta({
  description: '0 and all_granted_eps match everything, other values nothing; for compatibility with CBR.',
});

/** Whether an item without an enterprise project matches. Nothing here has one. */
export function isInEnterpriseProject(asked: z.output<typeof enterpriseProject> | undefined): boolean {
  return asked === undefined || asked === '0' || asked === 'all_granted_eps';
}

/** One or more of `values`, separated by commas, or an array of them. The type allows one value or an array. */
export function queryList<const Values extends readonly [string, ...string[]]>(
  values: Values,
): z.ZodType<Values[number][], OneOrSeveral<Values[number]>> {
  return severalTexts
    .pipe(z.array(z.enum(values, { error: `must be one of ${values.join(', ')}` })).min(1))
    .meta({ shown: { type: 'array', items: { type: 'string', enum: values } } });
}

export type OneOrSeveral<Value> = Value | readonly Value[];

/** Strings separated by commas, or an array of strings. */
export const severalTexts = z.union([z.array(z.string()), z.string().transform((value) => value.split(','))]);

/** Maximum number of strings in one query parameter. */
const queryTextsMax = 256;

/** Up to 256 strings, separated by commas, or an array of them. */
export const queryTexts = severalTexts
  .pipe(z.array(storable).max(queryTextsMax, `must have at most ${queryTextsMax} values`))
  .meta({ shown: { type: 'array', items: { type: 'string' } } });

/** Paging fields of the listings. */
export const paging = {
  limit: queryInteger(1, 1000).default(1000).meta({ description: 'Maximum number of items per page (default 1000).' }),
  offset: queryInteger(0, 2 ** 31 - 1)
    .default(0)
    .meta({ description: 'Number of items to skip from the start (default 0). Ignored if a marker is given.' }),
  marker: opaqueId
    .optional()
    .meta({ description: 'Id of the last item of the previous page: this page starts after it.' }),
};

/** Fields of an answer about its page. */
export const page = {
  count: z.int().meta({ description: 'Number of items that match, over all pages.' }),
  limit: z.int().meta({ description: 'The limit of the request, or its default.' }),
  offset: z.int().meta({ description: 'The offset of the request, or its default.' }),
};

/** Paging fields of the listings of findings, while the operation runs or after. */
export const findingsPaging = {
  after: queryInteger(0, 2 ** 31 - 1)
    .default(0)
    .meta({ description: 'The `next` of the previous page; 0, the default, for the first page.' }),
  limit: paging.limit,
};

/** Fields of an answer about its page of findings. */
export const findingsPage = {
  next: z.int().meta({ description: 'Send this as `after` to get the next page.' }),
};
