import type { DatabaseAddress } from '@backup-sync/engine/database-address';
import { UsageError } from '../failure.ts';
import { databaseOf } from '../target.ts';
import type { CommandContext } from './command-context.ts';

/** The data directory or database of a catalogue, and its name in messages. */
export type NamedPlace = { readonly place: string | DatabaseAddress; readonly shown: string };

/** Returns the catalogue that a command works on without a server. Throws `UsageError` if none is given. */
export async function cataloguePlace({ connect, environment }: CommandContext): Promise<NamedPlace> {
  const database = databaseOf(connect, environment);
  if (database !== null) {
    const { parseDatabaseAddress } = await import('@backup-sync/engine/database-address');
    const address = parseDatabaseAddress(database.value.reveal(), database.origin);
    return { place: address, shown: `the database ${address.shown}` };
  }
  const directory = connect.dataDir ?? environment.BACKUP_SYNC_DATA_DIR;
  if (directory !== undefined) return { place: directory, shown: directory };
  throw new UsageError(
    'no catalogue is given: name a data directory with --data-dir or BACKUP_SYNC_DATA_DIR, or a database with ' +
      '--database or BACKUP_SYNC_DATABASE_URL. This command does not go through a server',
  );
}
