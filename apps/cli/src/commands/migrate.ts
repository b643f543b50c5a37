import { exitCodes, UsageError } from '../failure.ts';
import { databaseOf } from '../target.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** Creates the catalogue in a PostgreSQL database, or brings its schema up to date. */
export async function migrateCommand({ terminal, environment, connect }: CommandContext): Promise<number> {
  const given = databaseOf(connect, environment);
  if (given === null) {
    throw new UsageError(
      'no database is given: name one with --database or BACKUP_SYNC_DATABASE_URL. The catalogue in a data directory ' +
        'is upgraded when a server or command opens it',
    );
  }
  const [{ parseDatabaseAddress }, { migrateDatabase }] = await Promise.all([
    import('@backup-sync/engine/database-address'),
    import('@backup-sync/engine/cluster'),
  ]);
  const database = parseDatabaseAddress(given.value.reveal(), given.origin);
  const { from, to } = await migrateDatabase(database);
  if (terminal.json) printJson(terminal, { database: database.shown, from, to });
  else if (from === to) print(terminal, `The database ${database.shown} has schema ${to} already.`);
  else if (from === 0) print(terminal, `Created the catalogue in the database ${database.shown}, with schema ${to}.`);
  else print(terminal, `Upgraded the database ${database.shown} from schema ${from} to schema ${to}.`);
  return exitCodes.done;
}
