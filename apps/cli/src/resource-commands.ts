import { verificationLevel } from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import type { WantedResources } from './commands/all-resources.ts';

/** `resources …`: what is backed up. */
export function addResourceCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const resources = program.command('resources').description('list and retire what is backed up');
  command(resources, 'list', 'list resources with their newest proved backup', [
    'resources list',
    'resources list --source nightly --json',
  ])
    .option('--source <source>', 'source whose resources to list, by its name or id (default: all)')
    .addOption(
      new Option('--level <level>', 'level to which a backup must be proved')
        .choices(verificationLevel.options)
        .default('linkage'),
    )
    .action(async (options: Shared & WantedResources) => {
      const { listResourcesCommand } = await import('./commands/resources.ts');
      finish(await listResourcesCommand(contextOf(options), options));
    });
  const verbs = {
    retire: 'expect no newer backup of a resource',
    unretire: 'expect newer backups of a resource again',
  } as const;
  for (const verb of Object.keys(verbs) as (keyof typeof verbs)[]) {
    const added = command(resources, `${verb} <resource>`, verbs[verb], [`resources ${verb} vm-7`]);
    if (verb === 'retire') {
      added.addHelpText(
        'after',
        '\nIts backups stay as they are. "check" leaves it out until a newer backup of it is recorded.',
      );
    }
    added.addHelpText('after', '\n<resource> is an id or a name.');
    added.action(async (resource: string, options: Shared) => {
      const { resourceCommands } = await import('./commands/resources.ts');
      finish(await resourceCommands[verb](contextOf(options), resource));
    });
  }
}
