import { Command } from 'commander';
import { addBackupCommands } from './backup-commands.ts';
import { addCommand, examplesHelp, exitCodesHelp, type Tools } from './command-tools.ts';
import type { CommandContext } from './commands/command-context.ts';
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

/**
 * The command line: what there is, and what it takes. What a command does is loaded when it is called. Each puts its
 * exit code into `finish`.
 */
export function createProgram(version: string, makeContext: ContextMaker, finish: (exitCode: number) => void): Command {
  const program = new Command('backup-sync')
    .description('Brings backups that lie in object storage into the catalogue, and proves that each chain is whole.')
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      `${examplesHelp([
        'login --endpoint https://backups.example.com --user operator',
        'plan backups.csv',
        'sync backups.csv',
        'check --max-age 26h --min-level linkage',
      ])}\n${exitCodesHelp}`,
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
  return program;
}
