import { type Command, Option } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import type { PlanOptions } from './commands/plan.ts';
import type { ScanOptions } from './commands/scan.ts';
import type { SyncCommandOptions } from './commands/sync.ts';
import { itemFormats } from './items/detect-format.ts';

const fileHelp = `
<file> is the body of the API as JSON ({"sync":[…]}) or a plain list of backups ([…]), NDJSON with one backup a line, or
CSV whose first row names the fields, with commas, semicolons or tabs, as spreadsheets save it; all in UTF-8 or UTF-16.
"-" is standard input. Any size is read in the same memory. What it is shows from its beginning, else --format says it.`;

/** `sync`, `plan` and `scan`: how backups come into the catalogue. */
export function addSyncCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const format = () =>
    new Option('--format <format>', 'format of the file (default: told from its beginning)').choices(itemFormats);
  command(program, 'sync <file>', 'import the backups of a list and follow them to their end', [
    'sync backups.csv',
    'sync backups.ndjson --plan-first',
    'scan volumebackups | backup-sync sync - --ndjson',
  ])
    .addOption(format())
    .option('--dry-run', 'check of the file only; needs no server', false)
    .option('--plan-first', 'plan and question before anything is sent', false)
    .option('--yes', 'no question after the plan of --plan-first', false)
    .option('--with-ancestors', 'missing ancestors too, if their bucket has them', false)
    .option('--ndjson', 'one operation log per line on standard output; errors as with --json', false)
    .addHelpText(
      'after',
      `${fileHelp}

A file is checked whole before anything is sent, and every problem is told with its place and value. Standard input can
be read but once: its items are sent as they come, up to the first that is wrong.

Ctrl-C loses nothing: a server goes on with what was accepted; without one, the next "backup-sync sync" or
"backup-sync serve" does. The same command again sends the rest.`,
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
    .option('--bucket <bucket[/prefix]>', 'bucket to plan, in place of a file')
    .option('--path-template <template>', 'image path of unknown formats, with --bucket')
    .addHelpText(
      'after',
      `${fileHelp}

With --bucket, it shows what "scan --sync" of the same place would do, and which recorded backups are gone. Exits 3 if
some backups would fail, or if no backup is recognised among the objects of the bucket. Block hashes are not read: a sync
may still find that they contradict each other.`,
    )
    .action(async (file: string | undefined, options: Shared & PlanOptions) => {
      const { planCommand } = await import('./commands/plan.ts');
      finish(await planCommand(contextOf(options), file, options));
    });
  command(program, 'scan <bucket[/prefix]>', 'find the backups in a bucket, one item to sync per line', [
    'scan volumebackups | backup-sync sync -',
    'scan vmware-backups --path-template {plan_id}/{resource_id}/{backup_id} --sync',
  ])
    .option('--path-template <template>', 'image path of unknown formats, such as {resource_id}/{backup_id}')
    .option('--sync', 'import of what is new, changed or moved', false)
    .option('--with-ancestors', 'ancestors outside the prefix too', false)
    .addHelpText(
      'after',
      `
With --json, it prints every finding, one per line: also what is known, forgotten, incomplete or unreadable, and why.
With --sync as well, it prints the operation log of each import, one per line, as it ends.

Ctrl-C ends the command; a server goes on with the scan. Without a server, the scan is cancelled.

Snapshot folders of a filer, such as .snapshot, are skipped unless the prefix leads into one. Exits 3 also if the listing
has objects and no backup is recognised among them.`,
    )
    .action(async (place: string, options: Shared & ScanOptions) => {
      const { scanCommand } = await import('./commands/scan.ts');
      finish(await scanCommand(contextOf(options), place, options));
    });
}
