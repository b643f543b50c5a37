import type { z } from 'zod';
import { BackupSyncError } from './backup-sync-error.ts';
import { counted } from './counted.ts';
import type { Problem } from './error-body.ts';

/** Parses `value`. Throws one `invalid_request` with every problem and its place, each starting with `prefix`. */
export function parseOrRefuse<Schema extends z.ZodType>(schema: Schema, value: unknown, prefix = ''): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, prefix);
  throw new BackupSyncError('invalid_request', problems.map((each) => `${each.place}: ${each.message}`).join('; '), {
    problems,
  });
}

/** An `invalid_request` for a field whose value only the catalogue shows to be wrong. */
export function invalidField(place: string, message: string): BackupSyncError {
  return new BackupSyncError('invalid_request', `${place}: ${message}`, { problems: [{ place, message }] });
}

/** The problems that zod found, in its order, in the words that callers see. */
export function problemsOf(error: z.ZodError, prefix = ''): Problem[] {
  return error.issues.map((issue) => ({ place: placeOf(issue.path, prefix), message: messageOf(issue) }));
}

/** The place of a problem: `['sync', 3, 'backup_name']` becomes `sync[3].backup_name`. */
function placeOf(path: readonly PropertyKey[], prefix: string): string {
  let place = prefix;
  for (const key of path) {
    if (typeof key === 'number') place += `[${key}]`;
    else place += place === '' ? String(key) : `.${String(key)}`;
  }
  return place === '' ? 'body' : place;
}

/** The message of an issue. Messages of zod are for programmers, so they are replaced; messages of the schemas stay. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (!/^(Invalid (input|option)|Too (small|big))/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type': {
      const [, received = ''] = /received (\w+)$/.exec(issue.message) ?? [];
      if (received === 'undefined') return 'is required';
      return issue.expected === 'int'
        ? 'must be a whole number'
        : `must be ${aType(issue.expected)}, not ${aType(received)}`;
    }
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_small':
      return `must ${issue.origin === 'number' ? 'be' : 'have'} at least ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `must ${issue.origin === 'number' ? 'be' : 'have'} at most ${amount(issue.maximum, issue.origin)}`;
    default:
      return 'has an invalid form';
  }
}

function aType(type: string): string {
  if (type === 'null') return type;
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

function amount(bound: number | bigint, origin: string): string {
  if (origin === 'number') return String(bound);
  return counted(Number(bound), origin === 'string' ? 'character' : 'item');
}
