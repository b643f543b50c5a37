import { Command, Option } from 'commander';
import type { CommandContext } from './commands/command-context.ts';
import type { PlanOptions } from './commands/plan.ts';
import type { ScanOptions } from './commands/scan.ts';
import type { ServeOptions } from './commands/start-gateway.ts';
import type { SyncCommandOptions } from './commands/sync.ts';
import type { ConnectOptions } from './connect.ts';
import { addIdentityCommands } from './identity-commands.ts';
import { given, wholeNumber } from './options.ts';
import { addSourceCommands } from './source-commands.ts';

const exitCodesHelp = `
Exit codes: 0 all done, 1 usage or failure, 3 some items failed, 4 not authorised, 5 not reachable, 130 interrupted.`;

const connectHelp = `
Works on the server at --endpoint; without one, on the local catalogue in --data-dir (through the server that holds it,
if one does).`;

export type Shared = ConnectOptions & { json?: boolean };

/** What the program lends to a group of commands. */
export type Tools = {
  /** A command with the options that say where it works. */
  readonly command: (parent: Command, name: string, description: string) => Command;
  readonly contextOf: (options: Shared) => CommandContext;
  readonly finish: (exitCode: number) => void;
};

type PageOptions = { resourceId?: string; status?: string; limit?: number; marker?: string };
type ManifestOptions = {
  output?: string;
  backupId?: string;
  name?: string;
  createdAt?: string;
  resourceId?: string;
  resourceName?: string;
  resourceType?: string;
  blockSize?: number;
  parent?: string;
  parentBucket?: string;
  parentPath?: string;
  json?: boolean;
};
type OperationListOptions = PageOptions & { kind?: string; backupId?: string };
type BackupListOptions = PageOptions & { name?: string; resourceName?: string; sort?: string };

/** Makes the context of a command from the options that all commands share. */
export type ContextMaker = (options: { readonly connect: ConnectOptions; readonly json: boolean }) => CommandContext;

/**
 * The command line: what there is, and what it takes. Commands are loaded when they are called. Each puts its exit code
 * into `finish`.
 */
export function createProgram(version: string, makeContext: ContextMaker, finish: (exitCode: number) => void): Command {
  const program = new Command('backup-sync')
    .description('Brings backups that lie in object storage into the catalogue, and proves that each chain is whole.')
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', exitCodesHelp);

  /** A command with the options that say where it works. */
  function command(parent: Command, name: string, description: string): Command {
    return parent
      .command(name)
      .description(description)
      .option('--endpoint <url>', 'server to work on (BACKUP_SYNC_ENDPOINT)')
      .addOption(new Option('--token <token>', 'token for it (BACKUP_SYNC_TOKEN, which stays out of process lists)'))
      .option('--project <id>', 'project to work in (BACKUP_SYNC_PROJECT)')
      .option('--data-dir <directory>', 'local catalogue (BACKUP_SYNC_DATA_DIR)')
      .option('--storage <unit>', 'file:<directory> or s3:<endpoint> (BACKUP_SYNC_STORAGE)')
      .option('--json', 'results as JSON on standard output, errors as JSON on standard error')
      .addHelpText('after', connectHelp + exitCodesHelp);
  }

  const contextOf = (options: Shared) => makeContext({ connect: options, json: options.json ?? false });

  command(program, 'sync <file>', 'bring backups into the catalogue and follow them to their end')
    .option('--plan-first', 'show what it would do and cost, and ask', false)
    .option('--yes', 'with --plan-first: go on unasked', false)
    .option('--with-ancestors', 'record missing ancestors too, where their bucket has them', false)
    .addHelpText(
      'after',
      `
<file> is the body of the API as JSON ({"sync":[…]}) or NDJSON, one backup a line; "-" is standard input.

Example:
  backup-sync sync examples/sync-request.json --data-dir data --storage file:examples/buckets`,
    )
    .action(async (file: string, options: Shared & SyncCommandOptions) => {
      const { syncCommand } = await import('./commands/sync.ts');
      finish(await syncCommand(contextOf(options), file, options));
    });
  command(program, 'plan [file]', 'say what a sync would do and cost; nothing is changed')
    .option('--bucket <bucket[/prefix]>', 'in place of a file: what lies in this bucket, or is recorded there')
    .option('--path-template <template>', 'with --bucket: unknown formats too, as for scan')
    .addHelpText(
      'after',
      `
<file> is as for sync. With --bucket it says what "scan --sync" of the same place would do, and which recorded backups
are no longer there. Exits 3 when some backups would fail. Block hashes are not read: a sync may still find that they
contradict.

Examples:
  backup-sync plan examples/sync-request.json --data-dir data --storage file:examples/buckets
  backup-sync plan --bucket volumebackups --data-dir data --storage file:examples/buckets`,
    )
    .action(async (file: string | undefined, options: Shared & PlanOptions) => {
      const { planCommand } = await import('./commands/plan.ts');
      finish(await planCommand(contextOf(options), file, options));
    });

  command(program, 'scan <bucket[/prefix]>', 'find the backups in a bucket, as items to sync, one a line')
    .option(
      '--path-template <template>',
      'find unknown formats too: the image path, e.g. {plan_id}/{resource_id}/{backup_id}',
    )
    .option('--sync', 'bring in at once what is new, changed or moved, and follow it to its end', false)
    .option('--with-ancestors', 'find ancestors outside the prefix too', false)
    .addHelpText(
      'after',
      `
With --json, every finding, one a line: also what is known, forgotten, incomplete or unreadable, and why.

Example:
  backup-sync scan volumebackups | backup-sync sync -`,
    )
    .action(async (place: string, options: Shared & ScanOptions) => {
      const { scanCommand } = await import('./commands/scan.ts');
      finish(await scanCommand(contextOf(options), place, options));
    });

  const backups = program.command('backups').description('what the catalogue holds');
  command(backups, 'list', 'list backups, newest record first')
    .option('--name <name>', 'only of this name')
    .option('--resource-id <id>', 'only of this resource')
    .option('--resource-name <name>', 'only of the resource of this name')
    .option('--status <status>', 'only in this status, several by commas: available, error')
    .option('--sort <keys>', 'key[:asc|desc],…: created_at, updated_at, name, status, protected_at, id')
    .option('--limit <number>', 'at most so many', wholeNumber)
    .option('--marker <id>', 'behind this backup: the last one of the page before')
    .action(async (options: Shared & BackupListOptions) => {
      const { listBackupsCommand } = await import('./commands/backups.ts');
      const { name, resourceId, resourceName, status, sort, limit, marker } = options;
      const filter = { name, resource_id: resourceId, resource_name: resourceName, status, sort, limit, marker };
      finish(await listBackupsCommand(contextOf(options), given(filter)));
    });
  command(backups, 'show <backup-id>', 'show a backup, how far it is proved and when').action(
    async (backupId: string, options: Shared) => {
      const { showBackupCommand } = await import('./commands/backups.ts');
      finish(await showBackupCommand(contextOf(options), backupId));
    },
  );
  command(backups, 'delete <backup-id>', 'forget a backup; the bucket is never touched').action(
    async (backupId: string, options: Shared) => {
      const { deleteBackupCommand } = await import('./commands/backups.ts');
      finish(await deleteBackupCommand(contextOf(options), backupId));
    },
  );

  const operations = program.command('operations').description('what was done, and how it ended');
  command(operations, 'list', 'list operations of all kinds, newest first')
    .option('--kind <kind>', 'only of this kind, several by commas: import, delete, scan, source_run, verify, plan')
    .option('--status <status>', 'only in this status, several by commas: waiting, running, success, failed, timeout')
    .option('--backup-id <id>', 'only of this backup')
    .option('--resource-id <id>', 'only of this resource')
    .option('--limit <number>', 'at most so many', wholeNumber)
    .option('--marker <id>', 'behind this operation: the last one of the page before')
    .action(async (options: Shared & OperationListOptions) => {
      const { listOperationsCommand } = await import('./commands/operations.ts');
      const { kind, status, backupId, resourceId, limit, marker } = options;
      const filter = { kind, status, backup_id: backupId, resource_id: resourceId, limit, marker };
      finish(await listOperationsCommand(contextOf(options), given(filter)));
    });
  command(operations, 'cancel <operation-id>', 'ask a scan, plan or verification to stop').action(
    async (operationId: string, options: Shared) => {
      const { cancelOperationCommand } = await import('./commands/scan.ts');
      finish(await cancelOperationCommand(contextOf(options), operationId));
    },
  );
  command(operations, 'show <operation-id>', 'show an operation: progress, result, reason, remedy, requests').action(
    async (operationLogId: string, options: Shared) => {
      const { showOperationCommand } = await import('./commands/operations.ts');
      finish(await showOperationCommand(contextOf(options), operationLogId));
    },
  );

  command(program, 'verify <backup-id...>', 'read what is stored of backups and hold it against their metadata')
    .addOption(
      new Option('--level <level>', 'content: every object; replay: the volume besides, a restore without a disk')
        .choices(['content', 'replay'])
        .default('content'),
    )
    .addHelpText('after', '\nExample:\n  backup-sync verify 71389e6e-8c54-4514-b040-6c5d357b2d4c --level replay')
    .action(async (backupIds: string[], options: Shared & { level: 'content' | 'replay' }) => {
      const { verifyCommand } = await import('./commands/verify.ts');
      finish(await verifyCommand(contextOf(options), backupIds, options.level));
    });
  command(program, 'extract <backup-id>', 'put the volume of a backup together, each block checked as it is written')
    .requiredOption('--output <file>', 'where to write the image; "-" is standard output')
    .option('--replace', 'overwrite the file if it exists', false)
    .addHelpText(
      'after',
      `
The bytes are read by this machine: it needs the storage unit (--storage or BACKUP_SYNC_STORAGE) even where the catalogue
is a server's.

Example:
  backup-sync extract 71389e6e-8c54-4514-b040-6c5d357b2d4c --output image.raw`,
    )
    .action(async (backupId: string, options: Shared & { output: string; replace: boolean }) => {
      const { extractCommand } = await import('./commands/extract.ts');
      finish(await extractCommand(contextOf(options), backupId, options));
    });
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

Example:
  backup-sync manifest create disks/day-0 --resource-id vm-7 --backup-id vm-7-day-0
  backup-sync manifest create disks/day-1 --parent disks/day-0/manifest.json --backup-id vm-7-day-1 --output upload/day-1
${exitCodesHelp}`,
    )
    .action(async (directory: string, options: ManifestOptions) => {
      const { createManifestCommand } = await import('./commands/manifest.ts');
      finish(await createManifestCommand(contextOf({ json: options.json ?? false }), directory, options));
    });
  addSourceCommands(program, { command, contextOf, finish });
  addIdentityCommands(program, { command, contextOf, finish });

  command(program, 'serve', 'serve the API until Ctrl-C')
    .option('--listen <host:port>', 'where to listen (BACKUP_SYNC_LISTEN, else 127.0.0.1:8787)')
    .option('--public-url <url>', 'where callers reach it, if elsewhere: behind a proxy (BACKUP_SYNC_PUBLIC_URL)')
    .action(async (options: Shared & ServeOptions) => {
      const { serveCommand } = await import('./commands/serve.ts');
      finish(await serveCommand(contextOf(options), options));
    });
  command(program, 'token', 'print a token')
    .option(
      '--user <name>',
      'whose, at an endpoint; the password comes from BACKUP_SYNC_PASSWORD, standard input or the terminal',
      'admin',
    )
    .action(async (options: Shared & { user: string }) => {
      const { tokenCommand } = await import('./commands/token.ts');
      finish(await tokenCommand(contextOf(options), options.user));
    });
  command(program, 'demo', 'import the shipped examples through a gateway of their own, and go on serving')
    .requiredOption('--examples <directory>', 'the examples of the repository')
    .option('--listen <host:port>', 'where to listen (BACKUP_SYNC_LISTEN, else 127.0.0.1:8787)')
    .option('--once', 'exit after the table', false)
    .action(async (options: Shared & { examples: string; listen?: string; once: boolean }) => {
      const { demoCommand } = await import('./commands/demo.ts');
      finish(await demoCommand(contextOf(options), options));
    });
  return program;
}
