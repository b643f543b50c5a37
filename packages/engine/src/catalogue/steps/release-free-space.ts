import type { Kysely } from 'kysely';
import { differencesOf } from '../differences.ts';
import type { Schema } from '../schema.ts';

/** Gives some free pages back to the disk. Returns the number of pages that are left. */
export async function releaseFreeSpace(database: Kysely<Schema>): Promise<number> {
  return (await differencesOf(database).releaseFreePages?.(database)) ?? 0;
}
