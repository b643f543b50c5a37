import type { Kysely } from 'kysely';
import type { Schema, SettingName } from '../schema.ts';

/** Returns a setting; null if it is not stored. */
export async function readSetting(database: Kysely<Schema>, name: SettingName): Promise<string | null> {
  const row = await database.selectFrom('settings').where('name', '=', name).select('value').executeTakeFirst();
  return row?.value ?? null;
}

/** Stores a setting unless it is stored already. Returns the stored value. */
export async function keepSetting(database: Kysely<Schema>, name: SettingName, value: string): Promise<string> {
  await database
    .insertInto('settings')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const { value: kept } = await database
    .selectFrom('settings')
    .where('name', '=', name)
    .select('value')
    .executeTakeFirstOrThrow();
  return kept;
}

/** Stores a setting, instead of the value that is stored. */
export async function replaceSetting(database: Kysely<Schema>, name: SettingName, value: string): Promise<void> {
  await database
    .insertInto('settings')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}
