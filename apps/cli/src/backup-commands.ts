import { type DataLevel, verificationLevel } from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import { type AskingOptions, addAskingOptions } from './asking-options.ts';
import type { Shared, Tools } from './command-tools.ts';
import type { CheckOptions } from './commands/check.ts';
import { UsageError } from './failure.ts';
import { addFilterOptions, filterOf, pageOptions } from './filter-options.ts';
import { age, percentage } from './options.ts';

type VerifyOptions = {
  readonly level: DataLevel;
  readonly all?: boolean;
  readonly sample?: number;
  readonly source?: string;
  readonly yes?: boolean;
};

type NamingOptions = { readonly resource?: string; readonly latest?: boolean };

/** Adds the options by which a backup is named through its resource. */
function namingOptions(command: Command): Command {
  return command
    .option('--resource <resource>', 'in place of a backup: a resource, by its id or name')
    .option('--latest', 'with --resource: the newest available backup of it')
    .addHelpText('after', '\n<backup> is an id, a name, or the beginning of an id (at least 4 characters).');
}

const anId = '71389e6e-8c54-4514-b040-6c5d357b2d4c';

/** `backups …`, `verify`, `extract` and `check`: what the catalogue holds, and how good it is. */
export function addBackupCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const backups = program.command('backups').description('what the catalogue holds');
  const list = command(backups, 'list', 'list backups, newest record first', [
    'backups list --status error',
    'backups list --resource-name database-disk --sort protected_at:desc --limit 5',
    'backups list --all --json',
  ]).option('--sort <keys>', 'key[:asc|desc],…: created_at, updated_at, name, status, protected_at, id');
  pageOptions(addFilterOptions(list, 'listBackups'))
    .option('--all', 'every page, not the first alone', false)
    .action(async (options: Shared & Record<string, unknown> & { all: boolean }) => {
      const { listBackupsCommand } = await import('./commands/backups.ts');
      finish(await listBackupsCommand(contextOf(options), filterOf('listBackups', options), options.all));
    });
  list.addHelpText('after', '\nTimes with "~" come from the modification time of the newest object.');
  const show = command(backups, 'show [backup]', 'show a backup, how far it is proved and when', [
    `backups show ${anId}`,
    'backups show database-disk-day-2',
    'backups show --resource database-disk --latest',
  ]);
  namingOptions(show).action(async (name: string | undefined, options: Shared & NamingOptions) => {
    const { showBackupCommand } = await import('./commands/show-backup.ts');
    const { referenceOf } = await import('./commands/find-backup.ts');
    finish(await showBackupCommand(contextOf(options), referenceOf(name, options)));
  });
  const forget = command(backups, 'delete <backup-id>', 'forget a backup; the bucket is never touched', [
    `backups delete ${anId}`,
  ]);
  addAskingOptions(forget)
    .addHelpText('after', '\n<backup-id> is the whole id: no name, and no beginning of an id.')
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
      new Option('--level <level>', 'content: every object; replay: the volume besides, a restore without a disk')
        .choices(['content', 'replay'])
        .default('content'),
    )
    .option('--all', 'every chain: the newest available backup of each, with all backups that it builds on')
    .addOption(
      new Option('--sample <share>', 'some of the chains, chosen at random, such as 10%')
        .argParser(percentage)
        .conflicts('all'),
    )
    .option('--source <source>', 'with --all or --sample: only what this source has seen, by its name or id')
    .option('--yes', 'with --all or --sample: do not ask')
    .addHelpText(
      'after',
      `
--all and --sample say how much they read, and ask at a terminal. With --resource, they take the chains of that one.
Backups in error or of an unknown format are left out: name them one by one. Exits 3 if a backup is not as it must be.`,
    )
    .action(async (names: string[], options: Shared & NamingOptions & VerifyOptions) => {
      const context = contextOf(options);
      const { level, all = false, sample, resource, source, yes = false } = options;
      if (all || sample !== undefined) {
        if (names.length > 0 || options.latest)
          throw new UsageError('--all and --sample choose: name no backup besides');
        const { verifyManyCommand } = await import('./commands/verify-many.ts');
        finish(await verifyManyCommand(context, { level, share: sample ?? 1, resource, source, yes }));
        return;
      }
      if (source !== undefined || yes) throw new UsageError('--source and --yes need --all or --sample');
      const { verifyCommand } = await import('./commands/verify.ts');
      const { referenceOf } = await import('./commands/find-backup.ts');
      const references = [names[0], ...names.slice(1)].map((name) => referenceOf(name, options));
      finish(await verifyCommand(context, references, level));
    });
  const extract = command(
    program,
    'extract [backup]',
    'put the volume of a backup together, each block checked as it is written',
    [
      `extract ${anId} --output image.raw`,
      'extract --resource database-disk --latest --output image.raw',
      `extract ${anId} --output - | zstd > image.raw.zst`,
    ],
  );
  namingOptions(extract)
    .requiredOption('--output <file>', 'where to write the image; "-" is standard output')
    .option('--replace', 'overwrite the file if it exists', false)
    .addHelpText(
      'after',
      `
The bytes are read by this machine: it needs the storage unit (--storage or BACKUP_SYNC_STORAGE) even where the catalogue
is a server's.`,
    )
    .action(
      async (name: string | undefined, options: Shared & NamingOptions & { output: string; replace: boolean }) => {
        const { extractCommand } = await import('./commands/extract.ts');
        const { referenceOf } = await import('./commands/find-backup.ts');
        finish(await extractCommand(contextOf(options), referenceOf(name, options), options));
      },
    );
  command(program, 'check', 'say in one line whether every resource has a proved backup that is new enough', [
    'check --max-age 26h --min-level linkage',
    'check --max-age 26h --source nightly',
    'check --max-age 7d --min-level replay --resource vm-7',
  ])
    .requiredOption('--max-age <age>', 'of the newest proved backup, such as 90m, 26h or 7d', age)
    .addOption(
      new Option('--min-level <level>', 'how far it must be proved')
        .choices(verificationLevel.options)
        .default('linkage'),
    )
    .addOption(new Option('--resource <id>', 'only this resource').conflicts('source'))
    .option('--source <name>', 'only the resources of this source, by its name or id')
    .addHelpText(
      'after',
      `
For monitoring. An age with "~" comes from the modification time of the newest object; a backup whose time is in the
future does not count. Its exit codes are those of monitoring plugins: 0 OK, 2 CRITICAL (a resource has no such backup), 3
UNKNOWN (it could not be found out, for example because the server is not reachable). Wrong usage exits 1.`,
    )
    .action(async (options: Shared & CheckOptions) => {
      const { checkCommand } = await import('./commands/check.ts');
      finish(await checkCommand(contextOf(options), options));
    });
}
