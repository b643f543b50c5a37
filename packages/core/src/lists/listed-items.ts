import {
  type BackupSync,
  BackupSyncError,
  type BackupSyncInput,
  backupSync,
  lastSecond,
  type Problem,
  problemsOf,
} from '@backup-sync/contracts';
import { z } from 'zod';
import { retell } from '../retell.ts';

/** One backup of a list to sync or plan. */
export type ListedBackup = Omit<BackupSyncInput, 'created_at'> & {
  /** When the backup was made: whole seconds since 1970, or a `Date`, which is rounded down. Until January 2038. */
  readonly created_at: number | Date;
};

/** Consecutive items of a list, and the index of the first. */
type Part = { readonly first: number; readonly items: readonly unknown[] };

/** Maximum number of problems in a message, and of characters of an id. The `problems` of the error are complete. */
const toldMax = 10;
const toldIdLength = 64;

const datedBackup = backupSync.extend({
  created_at: z.preprocess((value, context) => {
    if (!(value instanceof Date)) return value;
    const seconds = Math.floor(value.getTime() / 1000);
    if (seconds <= lastSecond) return seconds;
    const latest = new Date(lastSecond * 1000).toISOString();
    context.addIssue({
      code: 'custom',
      message: Number.isNaN(seconds) ? 'is an invalid Date' : `is after ${latest}, the latest time that CBR allows`,
    });
    return z.NEVER;
  }, backupSync.shape.created_at),
});

/** Checks an item of a list. Returns it as a call sends it, or its problems. */
export function checkItem(item: ListedBackup, index: number): BackupSync | { readonly problems: readonly Problem[] } {
  const parsed = (item?.created_at instanceof Date ? datedBackup : backupSync).safeParse(item);
  if (parsed.success) return parsed.data;
  return { problems: inList(problemsOf(parsed.error, 'sync[0]'), { first: index, items: [item] }) };
}

/** Returns the error for a list with invalid items. It names the items, so that the caller can find them. */
export function invalidList(problems: readonly Problem[]): BackupSyncError {
  return new BackupSyncError('invalid_request', inWords(problems), { problems });
}

/** Returns the error of a call with part of a list, with the places of items changed to their places in the list. */
export function ofList(error: unknown, part: Part): unknown {
  if (!(error instanceof BackupSyncError) || error.problems.length === 0) return error;
  const problems = inList(error.problems, part);
  return retell(error, { message: inWords(problems), problems });
}

/** Changes the places in a call to places in the list. */
function inList(problems: readonly Problem[], { first, items }: Part): Problem[] {
  return problems.map((problem) => {
    const [, position, rest] = /^sync\[(\d+)\](.*)$/.exec(problem.place) ?? [];
    if (position === undefined) return problem;
    const index = first + Number(position);
    return {
      ...problem,
      place: `sync[${index}]${rest}`,
      item: { index, backup_id: backupIdOf(items[Number(position)]) },
    };
  });
}

function inWords(problems: readonly Problem[]): string {
  const told = problems.slice(0, toldMax).map(({ place, message, item }) => {
    return `${place}${item?.backup_id == null ? '' : ` (backup_id ${quoted(item.backup_id)})`}: ${message}`;
  });
  const more = problems.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** An invalid id may have any length. */
function quoted(id: string): string {
  return JSON.stringify(id.length > toldIdLength ? `${id.slice(0, toldIdLength)}…` : id);
}

function backupIdOf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null || !('backup_id' in item)) return null;
  return typeof item.backup_id === 'string' ? item.backup_id : null;
}
