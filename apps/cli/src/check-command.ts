import { verificationLevel } from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import type { CheckOptions } from './commands/check.ts';
import { duration } from './options.ts';

const name = 'check';
const summary = 'check that each resource has a recent, proved backup';

/** Whether a command is a monitoring plug-in: whatever goes wrong is UNKNOWN then, and said in one line of the output. */
export function isPlugin(command: Command): boolean {
  return command.name() === name;
}

/** `check`: for monitoring. */
export function addCheckCommand(program: Command, { command, contextOf, finish }: Tools): void {
  const examples = [
    'check --warning 26h --critical 50h',
    'check --max-age 26h --source nightly --exclude test-vm',
    'check --max-age 7d --min-level replay --resource vm-7',
  ];
  // It has exit codes of its own, which stand first.
  command(program, name, summary, examples, '')
    .summary(summary)
    .description(`${summary}

Exit codes, as of monitoring plug-ins:
  0 OK        each resource has a proved backup that is new enough
  1 WARNING   the newest one of a resource is older than --warning
  2 CRITICAL  it is older than --critical, or there is none
  3 UNKNOWN   wrong usage, an unknown resource, or a server that does not answer`)
    .option('-w, --warning <age>', 'age of the newest proved backup above which to warn, such as 26h', duration)
    .addOption(
      new Option('-c, --critical <age>', 'age above which it is too old; required')
        .argParser(duration)
        .conflicts('maxAge'),
    )
    .addOption(new Option('--max-age <age>', 'other name of --critical').argParser(duration))
    .addOption(
      new Option('--min-level <level>', 'level to which the backup must be proved')
        .choices(verificationLevel.options)
        .default('linkage'),
    )
    .addOption(
      new Option('--resource <resource>', 'resource to check, by its id or name (default: all)').conflicts('source'),
    )
    .option('--source <source>', 'source whose resources to check, by its name or id (default: all)')
    .addOption(
      new Option('--exclude <resource>', 'resource not to check, by its id or name; may be repeated')
        .argParser((value, earlier: readonly string[]) => [...earlier, value])
        .default([], 'none'),
    )
    .addHelpText(
      'after',
      `
Retired resources are not checked (see "resources retire"). The line ends with performance data: how many resources there
are, how many are late or retired, and the ages of the 20 oldest in seconds. An age with "~" comes from the modification
time of the newest object. A backup whose time is in the future does not count.`,
    )
    .action(async (options: Shared & CheckOptions) => {
      const { checkCommand } = await import('./commands/check.ts');
      finish(await checkCommand(contextOf(options), options));
    });
}
