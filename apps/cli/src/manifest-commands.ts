import type { Command } from 'commander';
import { completeCommand, type Tools } from './command-tools.ts';
import type { ManifestOptions } from './commands/manifest.ts';
import { jsonOption } from './global-options.ts';
import { wholeNumber } from './options.ts';

/** Adds `manifest …`, which works on local files and needs no catalogue. */
export function addManifestCommands(program: Command, { contextOf, finish }: Tools): void {
  const manifest = program.command('manifest').description('write manifests for backups without a known format');
  const create = manifest
    .command('create <directory>')
    .description('write the manifest and block hashes of a backup')
    .option('--output <directory>', 'directory for the files (default for a full backup: <directory>)')
    .option('--backup-id <id>', 'id of the backup (default: a new UUID)')
    .option('--name <name>', 'name of the backup (default: name of <directory>)')
    .option('--created-at <time>', 'time of the backup, in ISO 8601 (default: time of the newest file)')
    .option('--resource-id <id>', 'id of the resource; required without --parent (default: as the parent)')
    .option('--resource-name <name>', 'name of the resource (default: as the parent, or the id)')
    .option('--resource-type <type>', 'type of the resource (default: as the parent, or OS::Native::Server)')
    .option('--block-size <bytes>', 'bytes per block hash (default: as the parent, or 65536)', wholeNumber)
    .option('--parent <file>', 'manifest of the parent, for an increment; needs its block-hashes.bin next to it')
    .option('--parent-path <path>', 'image path of the parent (default: sibling folder named by its id)')
    .option('--parent-bucket <bucket>', 'bucket of the parent, if it is a different one; needs --parent-path')
    .addHelpText(
      'after',
      `
<directory> contains the whole volume: one raw image, its pieces in the order of their names (disk.10 comes after
disk.9), one qcow2 image without a backing file, or one VMDK disk without a parent, of one file or flat. For a full backup,
these files are the objects, except for the descriptor of a flat disk. For an increment of raw images, the command writes
the blocks that differ from the parent to data/ in --output. It uploads nothing: upload block-hashes.bin and the objects
to the image path, and manifest.json last. manifest.json is the commit mark.`,
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
