import { type Command, Option } from 'commander';
import { addCheckCommand } from './check-command.ts';
import type { Shared, Tools } from './command-tools.ts';
import { addFilterOptions, filterOf, pageOptions } from './filter-options.ts';

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
  command(backups, 'show <backup-id>', 'show a backup, how far it is proved and when', [`backups show ${anId}`]).action(
    async (backupId: string, options: Shared) => {
      const { showBackupCommand } = await import('./commands/backups.ts');
      finish(await showBackupCommand(contextOf(options), backupId));
    },
  );
  command(backups, 'rename <backup-id> <name>', 'give a backup another name', [`backups rename ${anId} before-upgrade`])
    .addHelpText(
      'after',
      '\nScans and repeated sync requests keep the name. A request that changes its own name replaces it.',
    )
    .action(async (backupId: string, name: string, options: Shared) => {
      const { renameBackupCommand } = await import('./commands/backups.ts');
      finish(await renameBackupCommand(contextOf(options), backupId, name));
    });
  command(backups, 'delete <backup-id>', 'forget a backup; the bucket is never touched', [
    `backups delete ${anId}`,
  ]).action(async (backupId: string, options: Shared) => {
    const { deleteBackupCommand } = await import('./commands/backups.ts');
    finish(await deleteBackupCommand(contextOf(options), backupId));
  });
  command(program, 'verify <backup-id...>', 'read what is stored of backups and hold it against their metadata', [
    `verify ${anId} --level replay`,
  ])
    .addOption(
      new Option('--level <level>', 'content: every object; replay: the volume besides, a restore without a disk')
        .choices(['content', 'replay'])
        .default('content'),
    )
    .action(async (backupIds: string[], options: Shared & { level: 'content' | 'replay' }) => {
      const { verifyCommand } = await import('./commands/verify.ts');
      finish(await verifyCommand(contextOf(options), backupIds, options.level));
    });
  command(program, 'extract <backup-id>', 'put the volume of a backup together, each block checked as it is written', [
    `extract ${anId} --output image.raw`,
    `extract ${anId} --output - | zstd > image.raw.zst`,
  ])
    .requiredOption('--output <file>', 'where to write the image; "-" is standard output')
    .option('--replace', 'overwrite the file if it exists', false)
    .addHelpText(
      'after',
      `
The bytes are read by this machine: it needs the storage unit (--storage or BACKUP_SYNC_STORAGE) even where the catalogue
is a server's.`,
    )
    .action(async (backupId: string, options: Shared & { output: string; replace: boolean }) => {
      const { extractCommand } = await import('./commands/extract.ts');
      finish(await extractCommand(contextOf(options), backupId, options));
    });
  addCheckCommand(program, { command, contextOf, finish });
}
