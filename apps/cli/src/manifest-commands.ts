import type { Command } from 'commander';
import { completeCommand, type Tools } from './command-tools.ts';
import type { ManifestOptions } from './commands/manifest.ts';
import { jsonOption } from './global-options.ts';
import { wholeNumber } from './options.ts';

/** `manifest …`: made of local files; no catalogue is worked on. */
export function addManifestCommands(program: Command, { contextOf, finish }: Tools): void {
  const manifest = program.command('manifest').description('describe backups that are in no known format');
  const create = manifest
    .command('create <directory>')
    .description('write the manifest and block hashes of a backup')
    .option('--output <directory>', 'directory for the files (default of a full backup: <directory>)')
    .option('--backup-id <id>', 'id of the backup (default: a new UUID)')
    .option('--name <name>', 'name of the backup (default: that of the directory)')
    .option('--created-at <time>', 'time of the backup, in ISO 8601 (default: that of the newest file)')
    .option('--resource-id <id>', 'id of what was backed up (default: that of the parent)')
    .option('--resource-name <name>', 'name of what was backed up (default: that of the parent, or the id)')
    .option('--resource-type <type>', 'type of what was backed up (default: that of the parent, or OS::Native::Server)')
    .option('--block-size <bytes>', 'bytes per hash (default: those of the parent, or 65536)', wholeNumber)
    .option('--parent <file>', 'manifest of the parent, for an increment; block-hashes.bin is beside it')
    .option('--parent-path <path>', 'image path of the parent (default: the folder beside, named by its id)')
    .option('--parent-bucket <bucket>', 'bucket of the parent, if it is another; needs --parent-path')
    .addHelpText(
      'after',
      `
<directory> has the whole volume as it is: one raw image, or its pieces in the order of their names (disk.10 comes
after disk.9). For a full backup these files are the objects. For an increment, the blocks that differ from the parent
are written to data/ in --output. Nothing is uploaded: upload block-hashes.bin and the objects to the image path, then
manifest.json last. It is the mark that the backup is whole.`,
    );
  const examples = [
    'manifest create disks/day-0 --resource-id vm-7 --backup-id vm-7-day-0',
    'manifest create disks/day-1 --parent disks/day-0/manifest.json --output upload',
  ];
  completeCommand(create, examples, [jsonOption()]).action(
    async (directory: string, options: ManifestOptions & { json?: boolean }) => {
      const { createManifestCommand } = await import('./commands/manifest.ts');
      finish(await createManifestCommand(contextOf({ json: options.json ?? false }), directory, options));
    },
  );
}
