import type { Command } from 'commander';
import { examplesHelp, exitCodesHelp, type Tools } from './command-tools.ts';
import type { ManifestOptions } from './commands/manifest.ts';
import { wholeNumber } from './options.ts';

/** `manifest …`: made of local files; no catalogue is worked on. */
export function addManifestCommands(program: Command, { contextOf, finish }: Tools): void {
  const manifest = program.command('manifest').description('manifests for backups that no other format describes');
  manifest
    .command('create <directory>')
    .description('make the manifest and block hashes of a backup as local files, to be uploaded by whoever made it')
    .option('--output <directory>', 'where the files go (the directory itself, for a full backup)')
    .option('--backup-id <id>', 'id of the backup (a new UUID)')
    .option('--name <name>', 'name of the backup (that of the directory)')
    .option('--created-at <time>', 'when it was made, such as 2026-03-01T02:00:00Z (when the newest file was written)')
    .option('--resource-id <id>', 'id of what was backed up (that of the parent)')
    .option('--resource-name <name>', 'its name (that of the parent, else its id)')
    .option('--resource-type <type>', 'its type (that of the parent, else OS::Native::Server)')
    .option('--block-size <bytes>', 'bytes that one hash covers (that of the parent, else 65536)', wholeNumber)
    .option('--parent <manifest.json>', 'makes an increment on this backup; its block-hashes.bin lies beside it')
    .option('--parent-path <path>', 'image path of the parent, where it is not the folder beside, named by its id')
    .option('--parent-bucket <bucket>', 'bucket of the parent, where it is another; with --parent-path')
    .option('--json', 'results as JSON on standard output, errors as JSON on standard error')
    .addHelpText(
      'after',
      `
<directory> holds the whole volume as it is: one raw image, or its pieces in the order of their names (disk.10 comes
behind disk.9). For a full backup these files are the objects. For an increment, the blocks that differ from the parent
are written below data/ in --output. Nothing is uploaded: put block-hashes.bin and the objects below the image path,
then manifest.json last. It is the mark that the backup is whole.
${examplesHelp([
  'manifest create disks/day-0 --resource-id vm-7 --backup-id vm-7-day-0',
  'manifest create disks/day-1 --parent disks/day-0/manifest.json --backup-id vm-7-day-1 --output upload/day-1',
])}
${exitCodesHelp}`,
    )
    .action(async (directory: string, options: ManifestOptions & { json?: boolean }) => {
      const { createManifestCommand } = await import('./commands/manifest.ts');
      finish(await createManifestCommand(contextOf({ json: options.json ?? false }), directory, options));
    });
}
