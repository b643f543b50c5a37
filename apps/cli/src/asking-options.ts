import type { Command } from 'commander';

/** What a command that asks first takes. */
export type AskingOptions = { readonly yes?: boolean };

/** Adds the option by which a command that asks first goes on unasked. */
export function addAskingOptions(command: Command): Command {
  return command
    .option('--yes', 'no question first')
    .addHelpText('after', '\nAsks first at a terminal. A script is not asked, nor is a command with --json.');
}
