import type { Command, Option } from 'commander';
import type { CommandContext } from './commands/command-context.ts';
import { exitCodeMeanings } from './failure.ts';
import { addUndescribed, globalOptions } from './global-options.ts';
import { examplesHelp } from './help.ts';
import type { ConnectOptions } from './target.ts';

/** The options of every command that works on a catalogue. */
export type Shared = ConnectOptions & { json?: boolean };

/** Functions that the program passes to a group of commands. */
export type Tools = {
  /** Adds a command that works on a catalogue. Its examples leave out the leading `backup-sync`. */
  readonly command: typeof addCommand;
  readonly contextOf: (options: Shared) => CommandContext;
  /** Takes the exit code of the command. */
  readonly finish: (exitCode: number) => void;
};

export const exitCodesHelp = `\nExit codes: ${Object.entries(exitCodeMeanings)
  .map(([code, meaning]) => `${code} ${meaning}`)
  .join(', ')}.`;

/** See {@link Tools.command}. `exitCodes` replaces the usual exit codes in the help. */
export function addCommand(
  parent: Command,
  name: string,
  description: string,
  examples: readonly string[],
  exitCodes: string = exitCodesHelp,
): Command {
  return completeCommand(parent.command(name).description(description), examples, globalOptions(), exitCodes);
}

/** Adds the global options that a command takes and, after its own help, its examples and exit codes. */
export function completeCommand(
  command: Command,
  examples: readonly string[],
  options: readonly Option[],
  exitCodes: string = exitCodesHelp,
): Command {
  const named = options.map(({ long }) => long).join(', ');
  const last = `\nGlobal options, before or after the command: ${named}. See "backup-sync --help".\n${exitCodes}`;
  return addUndescribed(command, options).addHelpText('afterAll', `${examplesHelp(examples)}\n${last}`);
}
