import type { Command } from 'commander';
import { addBackupCommands } from './backup-commands.ts';
import { addCatalogueCommands } from './catalogue-commands.ts';
import { addCommand, exitCodesHelp, type Tools } from './command-tools.ts';
import type { CommandContext } from './commands/command-context.ts';
import { addConfigCommands } from './config-commands.ts';
import { globalOptions, takeGlobalOptionsBefore } from './global-options.ts';
import { examplesHelp, HelpedCommand, optionsHelp } from './help.ts';
import { addHookCommands } from './hook-commands.ts';
import { addIdentityCommands } from './identity-commands.ts';
import { addManifestCommands } from './manifest-commands.ts';
import { addOperationCommands } from './operation-commands.ts';
import { addResourceCommands } from './resource-commands.ts';
import { addServerCommands } from './server-commands.ts';
import { addSourceCommands } from './source-commands.ts';
import { addSyncCommands } from './sync-commands.ts';
import type { ConnectOptions } from './target.ts';

/** Creates the context of a command from the options that all commands share. */
export type ContextMaker = (options: { readonly connect: ConnectOptions; readonly json: boolean }) => CommandContext;

const examples = [
  'login --endpoint https://backups.example.com --user operator',
  'plan backups.csv',
  'sync backups.csv',
  'check --max-age 26h --min-level linkage',
];

const whereHelp = `
A command works on the server of --endpoint or --profile, or on the local catalogue in --data-dir or of --config. If a
server has that directory open, the command works through it. If none of these is given, it uses the profile "default".
--endpoint needs BACKUP_SYNC_TOKEN, or BACKUP_SYNC_ACCESS_KEY and BACKUP_SYNC_SECRET_ACCESS_KEY. Global options can come
before or after the command; if one is given twice, the last one counts.`;

/**
 * Creates the command line with all commands and their options. The code of a command is loaded when the command runs.
 * Each command passes its exit code to `finish`.
 */
export function createProgram(version: string, makeContext: ContextMaker, finish: (exitCode: number) => void): Command {
  const program = new HelpedCommand('backup-sync')
    .description('Import backups from object storage into a catalogue, and prove each chain.')
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
  addHookCommands(program, tools);
  addIdentityCommands(program, tools);
  addServerCommands(program, tools);
  addConfigCommands(program, tools);
  addCatalogueCommands(program, tools);
  takeGlobalOptionsBefore(program);
  return program;
}
