import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/**
 * Selects the imports that wait or run. `ended_at_ms is null` is the condition of the index with only unfinished
 * operations.
 */
export function unfinishedImports(database: Kysely<Schema>) {
  return database
    .selectFrom('operations')
    .where('operations.kind', '=', 'import')
    .where('operations.ended_at_ms', 'is', null);
}
