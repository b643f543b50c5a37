import type { Command } from 'commander';
import { completeCommand, type Shared, type Tools } from './command-tools.ts';
import type { MoveCatalogueOptions } from './commands/move-catalogue.ts';
import { jsonOption } from './global-options.ts';
import { given } from './options.ts';

/** Adds `catalogue move`. */
export function addCatalogueCommands(program: Command, { contextOf, finish }: Tools): void {
  const catalogue = program.command('catalogue').description('move the catalogue to a database');
  const move = catalogue
    .command('move')
    .description('move a data directory to PostgreSQL')
    .option('--from <directory>', 'data directory to move (BACKUP_SYNC_DATA_DIR)')
    .option('--to <url>', 'database with an empty catalogue (BACKUP_SYNC_DATABASE_URL)')
    .option('--archive <file>', 'file for an archive of the catalogue (default: none is kept)')
    .addHelpText(
      'after',
      `
First stop everything that uses the data directory, create the database, and run "backup-sync migrate" on it. This
command writes the catalogue to an archive, loads the archive into the database, and compares the two. If it is
interrupted, run it again: it continues where it stopped. Until it has finished, neither the data directory nor the
database can be used. Afterwards, the data directory still has the old catalogue, but other commands refuse to use it.

A password in --to is visible to other users of the machine. Set it in BACKUP_SYNC_DATABASE_URL or PGPASSWORD instead.`,
    );
  completeCommand(
    move,
    ['catalogue move --from data --to postgres://backup@database.example.com/backups'],
    [jsonOption()],
  ).action(async (options: MoveCatalogueOptions & Pick<Shared, 'json'>) => {
    const { moveCatalogueCommand } = await import('./commands/move-catalogue.ts');
    finish(await moveCatalogueCommand(contextOf(given({ json: options.json })), options));
  });
}
