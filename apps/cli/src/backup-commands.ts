import type { DataLevel } from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import { type AskingOptions, addAskingOptions } from './asking-options.ts';
import { addCheckCommand } from './check-command.ts';
import type { Shared, Tools } from './command-tools.ts';
import { UsageError } from './failure.ts';
import { addFilterOptions, addSortOption, filterOf, pageOptions } from './filter-options.ts';
import { percentage } from './options.ts';

type VerifyOptions = {
  readonly level: DataLevel;
  readonly all?: boolean;
  readonly sample?: number;
  readonly source?: string;
  readonly yes?: boolean;
};

type NamingOptions = { readonly resource?: string; readonly latest?: boolean };

/** Adds the options that name a backup by its resource. */
function namingOptions(command: Command): Command {
  return command
    .option('--resource <resource>', 'id or name of a resource, instead of a backup')
    .option('--latest', 'with --resource: its newest available backup')
    .addHelpText('after', `\n${backupHelp}`);
}

const backupHelp = '<backup> is an id, a name, or the beginning of an id (at least 4 characters).';
const extractionName = 'extract';
const anId = '71389e6e-8c54-4514-b040-6c5d357b2d4c';

/** Whether a command may write a volume to standard output. Unlike a list, part of a volume is of no use. */
export function isExtraction(command: Command): boolean {
  return command.name() === extractionName && command.parent?.parent == null;
}

/** Adds `backups …`, `verify`, `extract` and `check`: the commands for recorded backups. */
export function addBackupCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const backups = program.command('backups').description('list, show, rename and delete recorded backups');
  const list = command(backups, 'list', 'list backups, newest record first', [
    'backups list --status error',
    'backups list --resource-name database-disk --sort protected_at:desc --limit 5',
    'backups list --all --json',
  ]);
  pageOptions(addFilterOptions(addSortOption(list), 'listBackups'))
    .option('--all', 'all pages', false)
    .action(async (options: Shared & Record<string, unknown> & { all: boolean }) => {
      const { listBackupsCommand } = await import('./commands/backups.ts');
      finish(await listBackupsCommand(contextOf(options), filterOf('listBackups', options), options.all));
    });
  list.addHelpText('after', '\nTimes with "~" come from the modification time of the newest object.');
  const show = command(backups, 'show [backup]', 'show a backup and its proof', [
    `backups show ${anId}`,
    'backups show database-disk-day-2',
    'backups show --resource database-disk --latest',
  ]);
  namingOptions(show).action(async (name: string | undefined, options: Shared & NamingOptions) => {
    const { showBackupCommand } = await import('./commands/show-backup.ts');
    const { referenceOf } = await import('./commands/find-backup.ts');
    finish(await showBackupCommand(contextOf(options), referenceOf(name, options)));
  });
  command(backups, 'rename <backup> <name>', 'change the name of a backup', [
    'backups rename database-disk-day-2 before-upgrade',
    `backups rename ${anId} before-upgrade`,
  ])
    .addHelpText(
      'after',
      `\n${backupHelp}

Scans and repeated sync requests keep the new name. A sync request replaces it only if the request itself changes the
name.`,
    )
    .action(async (backup: string, name: string, options: Shared) => {
      const { renameBackupCommand } = await import('./commands/show-backup.ts');
      const { referenceOf } = await import('./commands/find-backup.ts');
      finish(await renameBackupCommand(contextOf(options), referenceOf(backup, {}), name));
    });
  const forget = command(backups, 'delete <backup-id>', 'remove a backup from the catalogue, not from its bucket', [
    `backups delete ${anId}`,
  ]);
  addAskingOptions(forget)
    .addHelpText('after', '\n<backup-id> must be the full id, not a name or the beginning of an id.')
    .action(async (backupId: string, options: Shared & AskingOptions) => {
      const { deleteBackupCommand } = await import('./commands/show-backup.ts');
      finish(await deleteBackupCommand(contextOf(options), backupId, options.yes ?? false));
    });
  const verify = command(program, 'verify [backup...]', 'read stored backups and compare them with their metadata', [
    `verify ${anId} --level replay`,
    'verify --resource database-disk --latest',
    'verify --all --source nightly --yes',
    'verify --sample 10% --level replay',
  ]);
  namingOptions(verify)
    .addOption(
      new Option('--level <level>', 'level to prove: content reads every object, replay also rebuilds the volume')
        .choices(['content', 'replay'])
        .default('content'),
    )
    .option('--all', 'every chain: its newest available backup and all ancestors')
    .addOption(
      new Option('--sample <share>', 'share of the chains, chosen at random, such as 10%')
        .argParser(percentage)
        .conflicts('all'),
    )
    .option('--source <source>', 'with --all or --sample: name or id of a source (default: all)')
    .option('--yes', 'with --all or --sample: no confirmation question')
    .addHelpText(
      'after',
      `
--all and --sample print how much they will read, and ask for confirmation at a terminal. With --resource, they verify
the chains of that resource. They leave out backups in error or of a format that is not read: name these. Verifying a
repaired backup also clears the errors of the backups it builds on. Exits 3 if a backup fails its verification or cannot
be verified.`,
    )
    .action(async (names: string[], options: Shared & NamingOptions & VerifyOptions) => {
      const context = contextOf(options);
      const { level, all = false, sample, resource, source, yes = false } = options;
      if (all || sample !== undefined) {
        if (names.length > 0 || options.latest)
          throw new UsageError('--all and --sample choose the backups: leave out backup names and --latest');
        const { verifyManyCommand } = await import('./commands/verify-many.ts');
        finish(await verifyManyCommand(context, { level, share: sample ?? 1, resource, source, yes }));
        return;
      }
      if (source !== undefined || yes)
        throw new UsageError('--source and --yes need --all or --sample: add one of these, or leave them out');
      const { verifyCommand } = await import('./commands/verify.ts');
      const { referenceOf } = await import('./commands/find-backup.ts');
      const references = [names[0], ...names.slice(1)].map((name) => referenceOf(name, options));
      finish(await verifyCommand(context, references, level));
    });
  const extract = command(
    program,
    `${extractionName} [backup]`,
    "write a backup's volume to a file, checking each block",
    [
      `extract ${anId} --output image.raw`,
      'extract --resource database-disk --latest --output image.raw',
      `extract ${anId} --output - | zstd > image.raw.zst`,
    ],
  );
  namingOptions(extract)
    .requiredOption('--output <file>', 'file for the image; "-" is standard output')
    .option('--replace', 'replacement of an existing file', false)
    .option('--disk <name>', 'disk of a backup that has several')
    .addHelpText(
      'after',
      `
This machine reads the objects itself. It needs the storage unit (--storage or BACKUP_SYNC_STORAGE) even if the
catalogue is on a server.

The file exists only once it is whole. Until then its name ends with .partial. If the command was killed, run it again:
it replaces the .partial file.

Only a file is ever replaced. To write into a device, use "--output - > <device>".`,
    )
    .action(
      async (
        name: string | undefined,
        options: Shared & NamingOptions & { output: string; replace: boolean; disk?: string },
      ) => {
        const { extractCommand } = await import('./commands/extract.ts');
        const { referenceOf } = await import('./commands/find-backup.ts');
        finish(await extractCommand(contextOf(options), referenceOf(name, options), options));
      },
    );
  addCheckCommand(program, { command, contextOf, finish });
}
