import { verificationLevel } from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import type { CheckOptions } from './commands/check.ts';
import { addFilterOptions, addSortOption, filterOf, pageOptions } from './filter-options.ts';
import { duration } from './options.ts';

const anId = '71389e6e-8c54-4514-b040-6c5d357b2d4c';

/** `backups …`, `verify`, `extract` and `check`: what the catalogue holds, and how good it is. */
export function addBackupCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const backups = program.command('backups').description('list, show and delete the backups of the catalogue');
  const list = command(backups, 'list', 'list backups, newest record first', [
    'backups list --status error',
    'backups list --resource-name database-disk --sort protected_at:desc --limit 5',
    'backups list --all --json',
  ]);
  pageOptions(addFilterOptions(addSortOption(list), 'listBackups'))
    .option('--all', 'every page', false)
    .action(async (options: Shared & Record<string, unknown> & { all: boolean }) => {
      const { listBackupsCommand } = await import('./commands/backups.ts');
      finish(await listBackupsCommand(contextOf(options), filterOf('listBackups', options), options.all));
    });
  list.addHelpText('after', '\nTimes with "~" come from the modification time of the newest object.');
  command(backups, 'show <backup-id>', 'show a backup and its proof', [`backups show ${anId}`]).action(
    async (backupId: string, options: Shared) => {
      const { showBackupCommand } = await import('./commands/backups.ts');
      finish(await showBackupCommand(contextOf(options), backupId));
    },
  );
  command(backups, 'delete <backup-id>', 'remove a backup from the catalogue, not from its bucket', [
    `backups delete ${anId}`,
  ]).action(async (backupId: string, options: Shared) => {
    const { deleteBackupCommand } = await import('./commands/backups.ts');
    finish(await deleteBackupCommand(contextOf(options), backupId));
  });
  command(program, 'verify <backup-id...>', 'read stored backups and compare them with their metadata', [
    `verify ${anId} --level replay`,
  ])
    .addOption(
      new Option('--level <level>', 'depth: content reads every object, replay also rebuilds the volume')
        .choices(['content', 'replay'])
        .default('content'),
    )
    .action(async (backupIds: string[], options: Shared & { level: 'content' | 'replay' }) => {
      const { verifyCommand } = await import('./commands/verify.ts');
      finish(await verifyCommand(contextOf(options), backupIds, options.level));
    });
  command(program, 'extract <backup-id>', 'write the volume of a backup to a file, each block checked', [
    `extract ${anId} --output image.raw`,
    `extract ${anId} --output - | zstd > image.raw.zst`,
  ])
    .requiredOption('--output <file>', 'file for the image; "-" is standard output')
    .option('--replace', 'replacement of the file if it exists', false)
    .addHelpText(
      'after',
      `
This machine reads the bytes itself. It needs the storage unit (--storage or BACKUP_SYNC_STORAGE) even if the catalogue is
on a server.`,
    )
    .action(async (backupId: string, options: Shared & { output: string; replace: boolean }) => {
      const { extractCommand } = await import('./commands/extract.ts');
      finish(await extractCommand(contextOf(options), backupId, options));
    });
  command(program, 'check', 'check that each resource has a recent, proved backup', [
    'check --max-age 26h --min-level linkage',
    'check --max-age 26h --source nightly',
    'check --max-age 7d --min-level replay --resource vm-7',
  ])
    .requiredOption('--max-age <age>', 'age of the newest proved backup at most, such as 26h', duration)
    .addOption(
      new Option('--min-level <level>', 'level to which the backup must be proved')
        .choices(verificationLevel.options)
        .default('linkage'),
    )
    .addOption(new Option('--resource <id>', 'resource to check (default: all)').conflicts('source'))
    .option('--source <source>', 'name or id of the source to check (default: all)')
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
