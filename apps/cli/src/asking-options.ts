import type { Command } from 'commander';

/** The options of a command that asks for confirmation. */
export type AskingOptions = { readonly yes?: boolean };

/** Adds `--yes`, which skips the confirmation, and its help. */
export function addAskingOptions(command: Command): Command {
  return command
    .option('--yes', 'no confirmation question')
    .addHelpText('after', '\nAsks for confirmation at a terminal. Does not ask in a script or with --json.');
}
