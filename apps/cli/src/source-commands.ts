import { type BackupFormat, backupFormat, type VerificationLevel, verificationLevel } from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import { type AskingOptions, addAskingOptions } from './asking-options.ts';
import type { Shared, Tools } from './command-tools.ts';
import { decimal, durationOrNone, durationOrSeconds, given } from './options.ts';

type AddOptions = {
  name?: string;
  format?: Exclude<BackupFormat, 'unknown'>;
  pathTemplate?: string;
  level?: VerificationLevel;
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

const level = (description: string) => new Option('--level <level>', description).choices(verificationLevel.options);

/** Adds `sources …`: the commands for watched buckets. */
export function addSourceCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const sources = program.command('sources').description('watch buckets and import new backups');
  command(sources, 'add <bucket[/prefix]>', 'watch a bucket and import new backups', [
    'sources add volumebackups --name nightly --interval 1h',
  ])
    .option('--name <name>', 'name, unique in the project (default: <bucket[/prefix]>)')
    .addOption(
      new Option('--format <format>', 'format of the backups to import (default: every known format)').choices(
        backupFormat.exclude(['unknown']).options,
      ),
    )
    .option('--path-template <template>', 'image path of unknown formats, such as {resource_id}/{backup_id}')
    .addOption(level('level at which a backup counts as proved (default: linkage)'))
    .option('--interval <duration>', 'time between automatic runs (default: manual)', durationOrSeconds)
    .option('--reverify-after <duration>', 'age at which a proof is repeated (default: never)', durationOrSeconds)
    .option(
      '--removal-share <share>',
      'share of records that may vanish before confirmation is required (default: 0.2)',
      decimal,
    )
    .option(
      '--incomplete-after <duration>',
      'age at which a backup without its commit mark is an error (default: 24h)',
      durationOrSeconds,
    )
    .option('--force', 'no check that the place can be listed and is not empty')
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
    'sources edit nightly --interval 1h',
    'sources edit nightly --prefix volumes/production/',
  ])
    .option('--interval <duration>', 'time between automatic runs, from now on; "none" for manual', durationOrNone)
    .addOption(level('level at which a backup counts as proved'))
    .option('--reverify-after <duration>', 'age at which a proof is repeated; "none" for never', durationOrNone)
    .option(
      '--incomplete-after <duration>',
      'age at which a backup without its commit mark is an error',
      durationOrSeconds,
    )
    .option('--prefix <prefix>', 'prefix to watch; records outside it leave the source, and are not marked vanished')
    .option('--force', 'no check that the prefix can be listed and is not empty')
    .addHelpText(
      'after',
      '\nSettings that are not given stay unchanged.\n\n<source> is a name, an id, or the beginning of an id.',
    )
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
    show: 'show a source, its last run and the age of its backups',
    scan: 'run a source now and wait for the results',
    pause: 'stop the automatic runs of a source',
    resume: 'resume the automatic runs of a source',
    confirm: 'confirm a held run, and mark missing backups vanished',
  } as const;
  for (const verb of Object.keys(ofOne) as (keyof typeof ofOne)[]) {
    command(sources, `${verb} <source>`, ofOne[verb], [`sources ${verb} nightly`])
      .addHelpText('after', '\n<source> is a name, an id, or the beginning of an id (at least 4 characters).')
      .action(async (source: string, options: Shared) => {
        const { sourceCommands } = await import('./commands/sources.ts');
        finish(await sourceCommands[verb](contextOf(options), source));
      });
  }
  const remove = command(sources, 'remove <source>', 'remove a source; its records stay', ['sources remove nightly']);
  addAskingOptions(remove)
    .addHelpText('after', '\n<source> must be the full name or id.')
    .action(async (source: string, options: Shared & AskingOptions) => {
      const { removeSourceCommand } = await import('./commands/sources.ts');
      finish(await removeSourceCommand(contextOf(options), source, options.yes ?? false));
    });
}
