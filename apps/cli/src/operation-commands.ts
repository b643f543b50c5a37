import type { Command } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import { addFilterOptions, filterOf, pageOptions } from './filter-options.ts';

const anId = '01a2bb9b-4e27-7c51-b1dd-53b0f6c1b5f1';

/** Adds `operations …`: the commands for waiting, running and past operations. */
export function addOperationCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const operations = program.command('operations').description('list, watch and cancel operations');
  const list = command(operations, 'list', 'list operations of all kinds, newest first', [
    'operations list --status failed',
    'operations list --resource-id vm-7 --limit 10 --json',
  ]);
  pageOptions(addFilterOptions(list, 'listOperations')).action(async (options: Shared & Record<string, unknown>) => {
    const { listOperationsCommand } = await import('./commands/operations.ts');
    finish(await listOperationsCommand(contextOf(options), filterOf('listOperations', options)));
  });
  command(operations, 'watch [operation]', 'follow operations as they happen', [
    'operations watch',
    `operations watch ${anId}`,
    'operations watch --json | jq --unbuffered .operation.status',
  ])
    .addHelpText(
      'after',
      `
Without <operation>, it follows all operations until Ctrl-C: by the event stream of the server if there is one, else by
asking once a second. With <operation>, it ends when the operation ends, and exits 0 if the operation succeeded, 3 if
not. With --json, it prints one event per line.

<operation> is an id, or the beginning of one (at least 4 characters). Ids of the same minute have the same beginning.`,
    )
    .action(async (operationId: string | undefined, options: Shared) => {
      const { watchOperationsCommand } = await import('./commands/watch-operations.ts');
      finish(await watchOperationsCommand(contextOf(options), operationId ?? null));
    });
  command(operations, 'show <operation>', 'show progress, result, reason and remedy of an operation', [
    `operations show ${anId}`,
    `operations show ${anId.slice(0, 13)}`,
  ])
    .addHelpText(
      'after',
      '\n<operation> is an id, or the beginning of one (at least 4 characters). Ids of the same minute have the same beginning.',
    )
    .action(async (operationLogId: string, options: Shared) => {
      const { showOperationCommand } = await import('./commands/operations.ts');
      finish(await showOperationCommand(contextOf(options), operationLogId));
    });
  command(operations, 'cancel <operation-id>', 'cancel an import, scan, source run, plan or verification', [
    `operations cancel ${anId}`,
  ])
    .addHelpText(
      'after',
      `
A waiting operation ends immediately, a running one within about a second. It is cancelled for everyone who asked for
it. A cancelled import records nothing. The imports of a cancelled scan or source run continue.`,
    )
    .action(async (operationId: string, options: Shared) => {
      const { cancelOperationCommand } = await import('./commands/scan.ts');
      finish(await cancelOperationCommand(contextOf(options), operationId));
    });
}
