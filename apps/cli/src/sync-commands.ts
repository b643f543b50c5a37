import { type Command, Option } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import type { PlanOptions } from './commands/plan.ts';
import type { ScanOptions } from './commands/scan.ts';
import type { SyncCommandOptions } from './commands/sync.ts';
import { itemFormats } from './items/detect-format.ts';

const fileHelp = `
<file> is a list of backups in UTF-8 or UTF-16; "-" is standard input. Formats:
  json    body of the API, {"sync":[…]}, or a plain list, […]
  ndjson  one backup per line
  csv     field names in the first row; separated by commas, semicolons or
          tabs, as spreadsheets save it
The format is detected from the beginning of the file. If that fails, give --format.`;

/** Adds `sync`, `plan` and `scan`: the commands that find and import backups. */
export function addSyncCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const format = () => new Option('--format <format>', 'format of the file (default: detected)').choices(itemFormats);
  command(program, 'sync <file>', 'import the backups of a list and wait for the results', [
    'sync backups.csv',
    'sync backups.ndjson --plan-first',
    'sync - --ndjson < backups.ndjson',
  ])
    .addOption(format())
    .option('--dry-run', 'check of the file only; needs no server', false)
    .option('--plan-first', 'plan and confirmation question before anything is sent', false)
    .option('--yes', 'no confirmation question after the plan of --plan-first', false)
    .option('--with-ancestors', 'missing ancestors too, if the bucket has them', false)
    .option('--ndjson', 'one operation log per line on standard output; errors as with --json', false)
    .addHelpText(
      'after',
      `${fileHelp}

The whole file is checked before anything is sent; each problem is shown with its place and value. Standard input can be
read only once: its items are sent as they arrive, up to the first that is not valid. Memory does not grow with the size
of the input, except with --plan-first.

Ctrl-C loses nothing: a server continues with the accepted backups; without a server, the next "backup-sync sync" or
"backup-sync serve" does. Run the same command again to send the rest.`,
    )
    .action(async (file: string, options: Shared & SyncCommandOptions) => {
      const { syncCommand } = await import('./commands/sync.ts');
      finish(await syncCommand(contextOf({ ...options, json: options.json || options.ndjson }), file, options));
    });
  command(program, 'plan [file]', 'show what a sync would do and cost; change nothing', [
    'plan examples/sync-request.json --data-dir data --storage file:examples/buckets',
    'plan --bucket volumebackups --data-dir data --storage file:examples/buckets',
  ])
    .addOption(format())
    .option('--bucket <bucket[/prefix]>', 'bucket to plan, instead of a file')
    .option('--path-template <template>', 'with --bucket: image path of unknown formats')
    .addHelpText(
      'after',
      `${fileHelp}

With --bucket, it shows what "scan --sync" of the same place would do, and which recorded backups have vanished. A plan
does not read block hashes: a sync may still find that they contradict each other. Exits 3 if a backup would fail, or if
the bucket has objects but no recognised backup.`,
    )
    .action(async (file: string | undefined, options: Shared & PlanOptions) => {
      const { planCommand } = await import('./commands/plan.ts');
      finish(await planCommand(contextOf(options), file, options));
    });
  command(program, 'scan <bucket[/prefix]>', 'find backups in a bucket and print items to sync', [
    'scan volumebackups > backups.ndjson',
    'scan vmware-backups --path-template {plan_id}/{resource_id}/{backup_id} --sync',
  ])
    .option('--path-template <template>', 'image path of unknown formats, such as {resource_id}/{backup_id}')
    .option('--sync', 'import of new, changed and moved backups', false)
    .option('--with-ancestors', 'ancestors outside the prefix too', false)
    .addHelpText(
      'after',
      `
It prints one item per line. With --json, it prints every finding, including known, forgotten, incomplete and unreadable
backups, and why. With --sync as well, it prints the operation log of each import as it ends.

Ctrl-C ends the command; a server continues the scan. Without a server, the scan is cancelled.

Snapshot folders of a filer, such as .snapshot, are skipped unless the prefix leads into one. Also exits 3 if the
listing has objects but no recognised backup.`,
    )
    .action(async (place: string, options: Shared & ScanOptions) => {
      const { scanCommand } = await import('./commands/scan.ts');
      finish(await scanCommand(contextOf(options), place, options));
    });
}
