import type { Command } from 'commander';
import { addBackupCommands } from './backup-commands.ts';
import { addCommand, exitCodesHelp, type Tools } from './command-tools.ts';
import type { CommandContext } from './commands/command-context.ts';
import { globalOptions, takeGlobalOptionsBefore } from './global-options.ts';
import { examplesHelp, HelpedCommand, optionsHelp } from './help.ts';
import { addIdentityCommands } from './identity-commands.ts';
import { addManifestCommands } from './manifest-commands.ts';
import { addOperationCommands } from './operation-commands.ts';
import { addResourceCommands } from './resource-commands.ts';
import { addServerCommands } from './server-commands.ts';
import { addSourceCommands } from './source-commands.ts';
import { addSyncCommands } from './sync-commands.ts';
import type { ConnectOptions } from './target.ts';

/** Makes the context of a command from the options that all commands share. */
export type ContextMaker = (options: { readonly connect: ConnectOptions; readonly json: boolean }) => CommandContext;

const examples = [
  'login --endpoint https://backups.example.com --user operator',
  'plan backups.csv',
  'sync backups.csv',
  'check --max-age 26h --min-level linkage',
];

const whereHelp = `
A command works on the server of --endpoint or --profile. Without one, it works on the local catalogue in --data-dir, and
through the server that holds the directory if there is one. For --endpoint, set BACKUP_SYNC_TOKEN, or
BACKUP_SYNC_ACCESS_KEY and BACKUP_SYNC_SECRET_ACCESS_KEY. A global option stands before the command or after it; if it is
given twice, the last one counts.`;

/**
 * The command line: what there is, and what it takes. What a command does is loaded when it is called. Each puts its
 * exit code into `finish`.
 */
export function createProgram(version: string, makeContext: ContextMaker, finish: (exitCode: number) => void): Command {
  const program = new HelpedCommand('backup-sync')
    .description('Adds the backups in object storage to the catalogue, and proves each chain.')
    .version(version)
    .addHelpText('after', () =>
      [examplesHelp(examples), optionsHelp(program, 'Global options:', globalOptions()), whereHelp, exitCodesHelp].join(
        '\n',
      ),
    );
  const tools: Tools = {
    command: addCommand,
    contextOf: (options) => makeContext({ connect: options, json: options.json ?? false }),
    finish,
  };
  addSyncCommands(program, tools);
  addBackupCommands(program, tools);
  addResourceCommands(program, tools);
  addOperationCommands(program, tools);
  addManifestCommands(program, tools);
  addSourceCommands(program, tools);
  addIdentityCommands(program, tools);
  addServerCommands(program, tools);
  takeGlobalOptionsBefore(program);
  return program;
}
