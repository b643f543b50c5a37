import type { Kysely } from 'kysely';
import type { Schema } from '../schema.ts';

/** Imports that wait or run. `ended_at_ms is null` says so in the words of the index that holds nothing else. */
export function unfinishedImports(database: Kysely<Schema>) {
  return database
    .selectFrom('operations')
    .where('operations.kind', '=', 'import')
    .where('operations.ended_at_ms', 'is', null);
}
