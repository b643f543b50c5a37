import { resourceSorts, verificationLevel } from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import type { WantedResources } from './commands/all-resources.ts';

/** Adds `resources …`: the commands for backed-up volumes and servers. */
export function addResourceCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const resources = program.command('resources').description('list and retire backed-up volumes and servers');
  command(resources, 'list', 'list resources with their newest proved backup', [
    'resources list',
    'resources list --sort worst',
    'resources list --source nightly --json',
  ])
    .option('--source <source>', 'name or id of the source whose resources to list (default: all)')
    .addOption(
      new Option('--level <level>', 'level at which a backup counts as proved')
        .choices(verificationLevel.options)
        .default('linkage'),
    )
    .addOption(
      new Option('--sort <order>', 'order of the resources; worst: without a proved backup first, then the oldest')
        .choices(resourceSorts)
        .default('resource_id'),
    )
    .action(async (options: Shared & WantedResources) => {
      const { listResourcesCommand } = await import('./commands/resources.ts');
      finish(await listResourcesCommand(contextOf(options), options));
    });
  const verbs = {
    retire: 'stop expecting new backups of a resource',
    unretire: 'expect new backups of a resource again',
  } as const;
  for (const verb of Object.keys(verbs) as (keyof typeof verbs)[]) {
    const added = command(resources, `${verb} <resource>`, verbs[verb], [`resources ${verb} vm-7`]);
    if (verb === 'retire') {
      added.addHelpText(
        'after',
        '\n"check" leaves the resource out until a newer backup of it is recorded. Its backups stay unchanged.',
      );
    }
    added.addHelpText('after', '\n<resource> is an id or a name.');
    added.action(async (resource: string, options: Shared) => {
      const { resourceCommands } = await import('./commands/resources.ts');
      finish(await resourceCommands[verb](contextOf(options), resource));
    });
  }
}
