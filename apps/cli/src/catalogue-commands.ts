import type { Command } from 'commander';
import { completeCommand, type Shared, type Tools } from './command-tools.ts';
import type { BackUpCatalogueOptions } from './commands/back-up-catalogue.ts';
import type { MoveCatalogueOptions } from './commands/move-catalogue.ts';
import { catalogueOptions, jsonOption } from './global-options.ts';
import { given } from './options.ts';

/** Adds `catalogue backup`, `restore`, `check` and `move`. */
export function addCatalogueCommands(program: Command, { contextOf, finish }: Tools): void {
  const catalogue = program.command('catalogue').description('back up, restore, check and move the catalogue');
  addBackUp(catalogue, { contextOf, finish });
  addRestore(catalogue, { contextOf, finish });
  addCheck(catalogue, { contextOf, finish });
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

type CatalogueTools = Pick<Tools, 'contextOf' | 'finish'>;
type CatalogueShared = Pick<Shared, 'dataDir' | 'database' | 'json'>;

/** The context of a command that takes only the options of a catalogue. */
function contextFor({ contextOf }: CatalogueTools, { dataDir, database, json }: CatalogueShared) {
  return contextOf(given({ dataDir, database, json }));
}

function addBackUp(catalogue: Command, tools: CatalogueTools): void {
  const backup = catalogue
    .command('backup')
    .description('write the catalogue to a file, while a server may use it')
    .requiredOption('--output <file>', 'file to write')
    .option('--with-key', 'include the key that opens the secrets of access keys')
    .option('--replace', 'replace an existing file, once the new one is complete')
    .addHelpText(
      'after',
      `
The file has the state of one moment: backups, operations, sources, users, tokens, access keys and the audit. Only you
can read it. Without --with-key, the secrets of access keys in it cannot be opened: keep the key in another place. With
it, anyone who can read the file can use every access key.`,
    );
  completeCommand(
    backup,
    [
      'catalogue backup --output catalogue.archive.gz',
      'catalogue backup --with-key --replace --output /safe/catalogue.archive.gz',
    ],
    catalogueOptions(),
  ).action(async (options: BackUpCatalogueOptions & CatalogueShared) => {
    const { backUpCatalogueCommand } = await import('./commands/back-up-catalogue.ts');
    tools.finish(await backUpCatalogueCommand(contextFor(tools, options), options));
  });
}

function addRestore(catalogue: Command, tools: CatalogueTools): void {
  const restore = catalogue
    .command('restore <file>')
    .description('restore the catalogue from a file')
    .addHelpText(
      'after',
      `
The data directory must have no catalogue, or the database an empty one: create it, and run "backup-sync migrate". The
file is checked whole before anything is written. If the restore is interrupted, run it again.

Afterwards, all tokens have ended, and access keys, users and roles are those of the time of the backup. Operations that
had not ended wait again.`,
    );
  completeCommand(
    restore,
    ['catalogue restore catalogue.archive.gz --data-dir data', 'catalogue restore catalogue.archive.gz'],
    catalogueOptions(),
  ).action(async (file: string, options: CatalogueShared) => {
    const { restoreCatalogueCommand } = await import('./commands/restore-catalogue.ts');
    tools.finish(await restoreCatalogueCommand(contextFor(tools, options), file));
  });
}

function addCheck(catalogue: Command, tools: CatalogueTools): void {
  const check = catalogue
    .command('check')
    .description('check the catalogue for damage and contradictions')
    .addHelpText(
      'after',
      `
Only reads, and works while a server uses the catalogue. Exits with 3 if it finds a problem, and names each.`,
    );
  completeCommand(check, ['catalogue check --data-dir data', 'catalogue check'], catalogueOptions()).action(
    async (options: CatalogueShared) => {
      const { checkCatalogueCommand } = await import('./commands/check-catalogue.ts');
      tools.finish(await checkCatalogueCommand(contextFor(tools, options)));
    },
  );
}
