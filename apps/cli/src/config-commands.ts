import type { Command } from 'commander';
import type { Shared, Tools } from './command-tools.ts';

const checkName = 'check';
const groupName = 'config';

/** Whether a command is `config check`, which reads the configuration file itself, with all its problems. */
export function isConfigCheck(command: Command): boolean {
  return command.name() === checkName && command.parent?.name() === groupName;
}

/** Adds `config check` and `config show`. */
export function addConfigCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const group = program.command(groupName).description('check and show the configuration of a server');
  command(group, checkName, 'check a configuration file, and the files that it names', [
    'config check --config /etc/backup-sync/config.yaml',
  ])
    .addHelpText(
      'after',
      `
Names every problem with its line, and what to do. Nothing is started, and no other machine is called: "doctor" tries
the storage.`,
    )
    .action(async (options: Shared) => {
      const { checkConfigCommand } = await import('./commands/config.ts');
      finish(await checkConfigCommand(contextOf(options)));
    });
  command(group, 'show', 'show each setting of a server, and where it comes from', [
    'config show --config /etc/backup-sync/config.yaml',
    'config show --json',
  ])
    .addHelpText(
      'after',
      `
An option wins over a variable, and a variable over the configuration file. Secrets are not shown.`,
    )
    .action(async (options: Shared) => {
      const { showConfigCommand } = await import('./commands/config.ts');
      finish(await showConfigCommand(contextOf(options)));
    });
}
