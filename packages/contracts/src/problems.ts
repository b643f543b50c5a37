import type { z } from 'zod';
import { BackupSyncError, type Problem } from './error-code.ts';

/** Parses `value`, or throws one `invalid_request` that names every problem with its place. */
export function parseOrRefuse<Schema extends z.ZodType>(schema: Schema, value: unknown, prefix = ''): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, prefix);
  throw new BackupSyncError('invalid_request', problems.map((each) => `${each.place}: ${each.message}`).join('; '), {
    problems,
  });
}

/** The refusal of a field whose value only the catalogue can tell to be wrong. */
export function invalidField(place: string, message: string): BackupSyncError {
  return new BackupSyncError('invalid_request', `${place}: ${message}`, { problems: [{ place, message }] });
}

/** What zod found, in the words and the order in which callers are told. */
export function problemsOf(error: z.ZodError, prefix = ''): Problem[] {
  return error.issues.map((issue) => ({ place: placeOf(issue.path, prefix), message: messageOf(issue) }));
}

/** `['sync', 3, 'backup_name']` as `sync[3].backup_name`. */
function placeOf(path: readonly PropertyKey[], prefix: string): string {
  let place = prefix;
  for (const key of path) {
    if (typeof key === 'number') place += `[${key}]`;
    else place += place === '' ? String(key) : `.${String(key)}`;
  }
  return place === '' ? 'body' : place;
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && /undefined$/.test(issue.message)) return 'is required';
  const message = issue.message.replace(/^Invalid input: /, '');
  return message.charAt(0).toLowerCase() + message.slice(1);
}
