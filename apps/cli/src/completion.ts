import type { Command } from 'commander';

const name = 'completion';

const help = `
Examples:
  source <(backup-sync completion bash)                                        in ~/.bashrc
  source <(backup-sync completion zsh)                                         in ~/.zshrc
  backup-sync completion fish > ~/.config/fish/completions/backup-sync.fish`;

/**
 * Adds `completion <shell>`, and what its scripts ask as someone types. What they work with is loaded only where one of
 * them is the command that was `called`; elsewhere it stands in the help alone.
 */
export async function addCompletion(program: Command, called: string | undefined): Promise<void> {
  if (called === name || called === 'complete') {
    const { default: complete } = await import('@bomb.sh/tab/commander');
    complete(program, { completionCommandName: name });
  } else program.command(`${name} <shell>`);
  program.commands
    .find((command) => command.name() === name)
    ?.description('print what makes a shell complete commands and options: bash, zsh or fish')
    .addHelpText('after', help);
}
