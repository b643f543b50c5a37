import { checkQueue, readSchema } from './catalogue/postgres/check-database.ts';
import { type DatabaseAddress, DatabaseError } from './catalogue/postgres/database-address.ts';
import { findPgBossDrift, queueRefusal, queueSchema } from './queue/pg-boss/pg-boss-schema.ts';

/** The schemas in a database, for operators. */
export type DatabaseState = {
  /** The schema of the catalogue. */
  readonly schema: number;
  /** What is wrong with the queue, as a sentence; null if nothing is. */
  readonly queueProblem: string | null;
};

/** Looks at the schemas in a database with a catalogue that fits. Only reads. Throws `DatabaseError`. */
export async function inspectDatabase(address: DatabaseAddress): Promise<DatabaseState> {
  return { schema: await readSchema(address), queueProblem: await queueProblemOf(address) };
}

async function queueProblemOf(address: DatabaseAddress): Promise<string | null> {
  try {
    await checkQueue(address, queueSchema);
    const { ok, missingTables, missing, mismatched, missingFunctions } = await findPgBossDrift(address.url);
    if (ok) return null;
    const parts = [...missingTables, ...[...missing, ...mismatched, ...missingFunctions].map(({ name }) => name)];
    const named = parts.length === 0 ? '' : `, in ${parts.join(', ')}`;
    return (
      `The queue in the database ${address.shown} differs from the one that this release makes${named}. Undo what has ` +
      'changed it: only "backup-sync migrate" may.'
    );
  } catch (error) {
    return (error instanceof DatabaseError ? error : await queueRefusal(address, error)).message;
  }
}
