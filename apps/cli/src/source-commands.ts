import type { Command } from 'commander';
import type { Shared, Tools } from './command-tools.ts';
import { decimal, durationOrNone, durationOrSeconds, given } from './options.ts';

type AddOptions = {
  name?: string;
  format?: 'cinder';
  pathTemplate?: string;
  level?: 'presence' | 'metadata' | 'inventory' | 'linkage' | 'content' | 'replay';
  interval?: number;
  reverifyAfter?: number;
  removalShare?: number;
  incompleteAfter?: number;
  force?: boolean;
};

type EditOptions = Pick<AddOptions, 'level' | 'incompleteAfter' | 'force'> & {
  interval?: number | 'none';
  reverifyAfter?: number | 'none';
  prefix?: string;
};

/** `sources …`: buckets that are watched. */
export function addSourceCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const sources = program.command('sources').description('buckets that are watched: what is new in them is brought in');
  command(sources, 'add <bucket[/prefix]>', 'watch a bucket, or a part of it', [
    'sources add volumebackups --name nightly --interval 3600',
  ])
    .option('--name <name>', 'its name, unique in the project (else the place)')
    .option('--format <format>', 'only backups of this format')
    .option('--path-template <template>', 'only unknown formats, by the image path, e.g. {resource_id}/{backup_id}')
    .option('--level <level>', 'the level at which a backup counts as proved (linkage)')
    .option('--interval <duration>', 'from run to run, by a server (else by hand alone)', durationOrSeconds)
    .option('--reverify-after <duration>', 'prove anew what was proved longer ago', durationOrSeconds)
    .option('--removal-share <share>', 'of the records: more missing at once wait for someone (0.2)', decimal)
    .option(
      '--incomplete-after <duration>',
      'time after which a backup without its commit mark is an error (default: 86400)',
      durationOrSeconds,
    )
    .option('--force', 'add it though the place cannot be listed or is empty')
    .action(async (place: string, options: Shared & AddOptions) => {
      const { addSourceCommand } = await import('./commands/sources.ts');
      const { name, format, pathTemplate, level, interval, reverifyAfter, removalShare, incompleteAfter, force } =
        options;
      const fields = {
        name,
        format,
        path_template: pathTemplate,
        level,
        interval_s: interval,
        reverify_after_s: reverifyAfter,
        removal_share: removalShare,
        incomplete_after_s: incompleteAfter,
        force,
      };
      finish(await addSourceCommand(contextOf(options), place, given(fields)));
    });
  command(sources, 'list', 'list sources by name', ['sources list']).action(async (options: Shared) => {
    const { listSourcesCommand } = await import('./commands/sources.ts');
    finish(await listSourcesCommand(contextOf(options)));
  });
  command(sources, 'edit <source>', 'change the interval, levels or prefix of a source', [
    'sources edit nightly --interval 3600',
    'sources edit nightly --prefix volumes/production/',
  ])
    .option('--interval <duration>', 'time between runs, counted from now; "none": by hand alone', durationOrNone)
    .option('--level <level>', 'level at which a backup counts as proved')
    .option('--reverify-after <duration>', 'age at which a proof is made anew; "none": never', durationOrNone)
    .option(
      '--incomplete-after <duration>',
      'age at which a backup without its commit mark is an error',
      durationOrSeconds,
    )
    .option('--prefix <prefix>', 'prefix to watch; backups outside it are dropped, not marked as gone')
    .option('--force', 'take a prefix that cannot be listed or is empty')
    .addHelpText('after', '\n<source> is its name or its id. What is not named stays as it is.')
    .action(async (source: string, options: Shared & EditOptions) => {
      const { editSourceCommand } = await import('./commands/sources.ts');
      const { interval, level, reverifyAfter, incompleteAfter, prefix, force } = options;
      const changes = {
        interval_s: interval === 'none' ? null : interval,
        level,
        reverify_after_s: reverifyAfter === 'none' ? null : reverifyAfter,
        incomplete_after_s: incompleteAfter,
        prefix,
        force,
      };
      finish(await editSourceCommand(contextOf(options), source, changes));
    });
  const ofOne = {
    show: 'show a source, and how old the newest proved backup of each resource is',
    scan: 'run a source now, and follow it to its end',
    pause: 'let a source run by hand alone',
    resume: 'let a source run by its interval again',
    confirm: 'let a run mark as gone what the source holds back',
    remove: 'remove a source; its records stay',
  } as const;
  for (const verb of Object.keys(ofOne) as (keyof typeof ofOne)[]) {
    command(sources, `${verb} <source>`, ofOne[verb], [`sources ${verb} nightly`])
      .addHelpText('after', '\n<source> is its name or its id.')
      .action(async (source: string, options: Shared) => {
        const { sourceCommands } = await import('./commands/sources.ts');
        finish(await sourceCommands[verb](contextOf(options), source));
      });
  }
}
