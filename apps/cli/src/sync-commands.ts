import { type Command, Option } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import type { PlanOptions } from './commands/plan.ts';
import type { ScanOptions } from './commands/scan.ts';
import type { SyncCommandOptions } from './commands/sync.ts';
import { itemFormats } from './items/detect-format.ts';

const fileHelp = `
<file> is the body of the API as JSON ({"sync":[…]}) or a plain list of backups ([…]), NDJSON with one backup a line, or
CSV whose first row names the fields; "-" is standard input. Any size is read in the same memory. What it is shows from
its beginning, else --format says it.`;

/** `sync`, `plan` and `scan`: how backups come into the catalogue. */
export function addSyncCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const format = () => new Option('--format <format>', 'what the file is').choices(itemFormats);
  command(program, 'sync <file>', 'bring backups into the catalogue and follow them to their end', [
    'sync backups.csv',
    'sync backups.ndjson --plan-first',
    'scan volumebackups | backup-sync sync - --ndjson',
  ])
    .addOption(format())
    .option('--dry-run', 'check the file and say what would be sent; needs no server', false)
    .option('--plan-first', 'show what it would do and cost, and ask', false)
    .option('--yes', 'with --plan-first: go on unasked', false)
    .option('--with-ancestors', 'record missing ancestors too, where their bucket has them', false)
    .option('--ndjson', 'one operation log a line on standard output, as they end; errors as with --json', false)
    .addHelpText(
      'after',
      `${fileHelp}

A file is checked whole before anything is sent, and every problem is told with its line and field. Standard input can
be read but once: its items are sent as they come, up to the first that is wrong.

Ctrl-C loses nothing: a server goes on with what was accepted; without one, the next "backup-sync sync" or
"backup-sync serve" does. The same command again sends the rest.`,
    )
    .action(async (file: string, options: Shared & SyncCommandOptions) => {
      const { syncCommand } = await import('./commands/sync.ts');
      finish(await syncCommand(contextOf({ ...options, json: options.json || options.ndjson }), file, options));
    });
  command(program, 'plan [file]', 'say what a sync would do and cost; nothing is changed', [
    'plan examples/sync-request.json --data-dir data --storage file:examples/buckets',
    'plan --bucket volumebackups --data-dir data --storage file:examples/buckets',
  ])
    .addOption(format())
    .option('--bucket <bucket[/prefix]>', 'in place of a file: what lies in this bucket, or is recorded there')
    .option('--path-template <template>', 'with --bucket: unknown formats too, as for scan')
    .addHelpText(
      'after',
      `${fileHelp}

With --bucket it says what "scan --sync" of the same place would do, and which recorded backups are no longer there.
Exits 3 when some backups would fail, or no backup is recognised among the objects of the bucket. Block hashes are not read: a sync may still find that they contradict.`,
    )
    .action(async (file: string | undefined, options: Shared & PlanOptions) => {
      const { planCommand } = await import('./commands/plan.ts');
      finish(await planCommand(contextOf(options), file, options));
    });
  command(program, 'scan <bucket[/prefix]>', 'find the backups in a bucket, as items to sync, one a line', [
    'scan volumebackups | backup-sync sync -',
    'scan vmware-backups --path-template {plan_id}/{resource_id}/{backup_id} --sync',
  ])
    .option(
      '--path-template <template>',
      'find unknown formats too: the image path, e.g. {plan_id}/{resource_id}/{backup_id}',
    )
    .option('--sync', 'bring in at once what is new, changed or moved, and follow it to its end', false)
    .option('--with-ancestors', 'find ancestors outside the prefix too', false)
    .addHelpText(
      'after',
      `
With --json, every finding, one a line: also what is known, forgotten, incomplete or unreadable, and why. With --sync
as well, the operation log of each import, one a line, as it ends.

Ctrl-C ends the command; a server goes on with the scan. Without a server, the scan is cancelled.

Snapshot folders of a filer, such as .snapshot, are passed over unless the prefix leads into one. Exits 3 also when the
listing has objects and no backup is recognised among them.`,
    )
    .action(async (place: string, options: Shared & ScanOptions) => {
      const { scanCommand } = await import('./commands/scan.ts');
      finish(await scanCommand(contextOf(options), place, options));
    });
}
