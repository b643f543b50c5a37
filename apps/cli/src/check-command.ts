import { verificationLevel } from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import type { CheckOptions } from './commands/check.ts';
import { duration } from './options.ts';

const name = 'check';
const summary = 'check that each resource has a recent, proved backup';

/** Whether a command is a monitoring plug-in: it reports any failure as UNKNOWN, in one line of output. */
export function isPlugin(command: Command): boolean {
  // Not a command of that name in a group.
  return command.name() === name && command.parent?.parent == null;
}

/** Adds `check`, a monitoring plug-in. */
export function addCheckCommand(program: Command, { command, contextOf, finish }: Tools): void {
  const examples = [
    'check --warning 26h --critical 50h',
    'check --max-age 26h --source nightly --exclude test-vm',
    'check --max-age 7d --min-level replay --resource vm-7',
  ];
  // It has its own exit codes, and they come first.
  command(program, name, summary, examples, '')
    .summary(summary)
    .description(`${summary}

Exit codes of a monitoring plug-in:
  0 OK        each resource has a proved backup that is new enough
  1 WARNING   the newest proved backup of a resource is older than --warning
  2 CRITICAL  it is older than --critical, or a resource has none
  3 UNKNOWN   wrong usage, an unknown resource, or a server that does not answer`)
    .option('-w, --warning <age>', 'age of the newest proved backup above which to warn, such as 26h', duration)
    .addOption(
      new Option('-c, --critical <age>', 'age above which it is critical; required')
        .argParser(duration)
        .conflicts('maxAge'),
    )
    .addOption(new Option('--max-age <age>', 'same as --critical').argParser(duration))
    .addOption(
      new Option('--min-level <level>', 'level at which a backup counts as proved')
        .choices(verificationLevel.options)
        .default('linkage'),
    )
    .option('--accept-ceiling', 'count backups proved to the highest level of their format, even below --min-level')
    .addOption(
      new Option('--resource <resource>', 'id or name of the resource to check (default: all)').conflicts('source'),
    )
    .option('--source <source>', 'name or id of the source whose resources to check (default: all)')
    .addOption(
      new Option('--exclude <resource>', 'id or name of a resource to leave out; can be repeated')
        .argParser((value, earlier: readonly string[]) => [...earlier, value])
        .default([], 'none'),
    )
    .addHelpText(
      'after',
      `
Retired resources are not checked (see "resources retire"). The line ends with performance data: the numbers of checked,
critical, warning and retired resources, and the ages of the 20 oldest in seconds. An age with "~" comes from the
modification time of the newest object. A backup whose time is in the future does not count.`,
    )
    .action(async (options: Shared & CheckOptions) => {
      const { checkCommand } = await import('./commands/check.ts');
      finish(await checkCommand(contextOf(options), options));
    });
}
