import type { Kysely, SelectQueryBuilder } from 'kysely';
import { differencesOf } from '../differences.ts';
import type { Schema } from '../schema.ts';

/**
 * Lets nobody else change these operations until the step ends. Every step that is about to change many takes them in
 * the same order, so that two of them do not wait for each other.
 */
export async function keepInOrder(
  database: Kysely<Schema>,
  operations: SelectQueryBuilder<Schema, 'operations', object>,
): Promise<void> {
  const { takeLocks, keepRows } = differencesOf(database);
  if (takeLocks === null) return;
  const kept = keepRows(operations.select('operations.id').orderBy('operations.id')).as('kept');
  await database
    .selectFrom(kept)
    .select(({ fn }) => fn.countAll().as('count'))
    .execute();
}
